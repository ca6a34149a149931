import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../../free-ports.ts';
import type { BrokersOptions } from '../../../kafka/brokers.ts';

/** A broker with SASL on one listener and SASL over TLS on another, and how to reach them. */
export interface Secured {
  readonly options: BrokersOptions;
  readonly saslPort: number;
  readonly tlsPort: number;
  readonly certificate: () => string;
  readonly sessionMs: number;
  makeCertificate(): void;
  remove(): void;
}

const SESSION_MS = 1_500;
const JAAS = 'org.apache.kafka.common.security';

/** User alice, password secret, by PLAIN and SCRAM; any unsigned token that has not expired by OAUTHBEARER. */
export async function securedBroker(): Promise<Secured> {
  // Made with the certificate: where the suite is skipped nothing stays behind.
  const directory = join(tmpdir(), `headrace-secured-${process.pid}`);
  const certificate = join(directory, 'certificate.pem');
  const key = join(directory, 'key.pem');
  const store = join(directory, 'store.pem');
  const [port = 0, controllerPort = 0, saslPort = 0, tlsPort = 0] = await freePorts(4);
  const host = '127.0.0.1';
  const sasl = Object.fromEntries(
    ['sasl', 'tls'].flatMap((listener) => [
      [
        `listener.name.${listener}.plain.sasl.jaas.config`,
        `${JAAS}.plain.PlainLoginModule required user_alice="secret";`,
      ],
      [`listener.name.${listener}.scram-sha-256.sasl.jaas.config`, `${JAAS}.scram.ScramLoginModule required;`],
      [`listener.name.${listener}.scram-sha-512.sasl.jaas.config`, `${JAAS}.scram.ScramLoginModule required;`],
      [
        `listener.name.${listener}.oauthbearer.sasl.jaas.config`,
        `${JAAS}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
      ],
      [
        `listener.name.${listener}.oauthbearer.sasl.server.callback.handler.class`,
        `${JAAS}.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler`,
      ],
      [`listener.name.${listener}.plain.connections.max.reauth.ms`, String(SESSION_MS)],
      [`listener.name.${listener}.sasl.enabled.mechanisms`, 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER'],
    ]),
  );
  return {
    saslPort,
    tlsPort,
    certificate: () => readFileSync(certificate, 'utf8'),
    sessionMs: SESSION_MS,
    makeCertificate: () => {
      mkdirSync(directory, { recursive: true });
      const kind = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
      const names = ['-addext', 'subjectAltName=IP:127.0.0.1'];
      execFileSync('openssl', [...kind, ...names, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
      writeFileSync(store, readFileSync(key, 'utf8') + readFileSync(certificate, 'utf8'));
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
    options: {
      port,
      scram: ['SCRAM-SHA-256=[name=alice,password=secret]', 'SCRAM-SHA-512=[name=alice,password=secret]'],
      properties: {
        ...sasl,
        'controller.quorum.voters': `1@${host}:${controllerPort}`,
        listeners: `PLAINTEXT://${host}:${port},SASL://${host}:${saslPort},TLS://${host}:${tlsPort},CONTROLLER://${host}:${controllerPort}`,
        'advertised.listeners': `PLAINTEXT://${host}:${port},SASL://${host}:${saslPort},TLS://${host}:${tlsPort}`,
        'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SASL_SSL',
        'listener.name.tls.ssl.keystore.type': 'PEM',
        'listener.name.tls.ssl.keystore.location': store,
      },
    },
  };
}
