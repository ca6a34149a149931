# Headrace in a container: docker compose builds it, see docs/DEPLOYMENT.md. The packages with native parts (LMDB, ClickHouse, CRC-32C, codecs)
# bring their binaries for glibc, so the base is Debian and never Alpine.
FROM node:24.18.0-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d AS packages
WORKDIR /headrace
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:24.18.0-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d AS build
WORKDIR /headrace
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
COPY topologies topologies
RUN npm run build

FROM node:24.18.0-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d
WORKDIR /headrace
COPY --from=packages /headrace/node_modules node_modules
COPY --from=build /headrace/dist/src dist/src
COPY --from=build /headrace/dist/topologies dist/topologies
COPY package.json LICENSE ./
COPY bin bin
COPY schemas schemas
COPY sql sql
# A volume that is mounted here for the first time takes over the owner.
RUN ln -s /headrace/bin/headrace.mjs /usr/local/bin/headrace && mkdir /var/lib/headrace && chown node:node /var/lib/headrace
USER node
VOLUME /var/lib/headrace
# Loopback of a container is reached by nobody. At any other address keys are demanded: HEADRACE_API_KEYS names their file, and there is no default.
ENV NODE_ENV=production HEADRACE_DATA=/var/lib/headrace HEADRACE_HOST=0.0.0.0
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 CMD ["node", "-e", "fetch('http://127.0.0.1:8080/readyz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Without a shell in between, so that SIGTERM comes to the process, which then ends in good order.
ENTRYPOINT ["node", "/headrace/bin/headrace.mjs"]
CMD ["start", "--no-traffic"]
