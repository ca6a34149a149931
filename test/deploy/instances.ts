import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePorts } from '../free-ports.ts';
import { type Compose, servicesLike } from './compose.ts';
import { execForm, readDockerfile, theInstruction } from './dockerfile.ts';
import type { Image } from './image.ts';
import { startOptions } from './options.ts';

/** Not the loopback on which Headrace serves its own commands: at any other host it serves the API as it does in a container, with keys. */
const HOST = '127.0.0.2';
const HEALTHY_TIMEOUT_MS = 120_000;

export interface Instance {
  readonly name: string;
  readonly address: string;
  readonly child: ChildProcess;
  /** Resolves with the exit code when it has ended. */
  readonly ended: Promise<number | null>;
  /** What it said so far. */
  told(): string;
  /** Resolves when the health check of the image passes; rejects with what it said where that takes too long, or it ends. */
  healthy(): Promise<void>;
}

export interface StartInstancesOptions {
  readonly image: Image;
  readonly file: Compose;
  readonly directory: string;
  /** Puts addresses of this machine in place of those in the network of the containers. */
  readonly translate: (text: string) => string;
}

/** The instances of Headrace of docker-compose.yml as processes, started with the image's command and with the environment that Compose gives them. */
export async function startInstances(options: StartInstancesOptions): Promise<readonly Instance[]> {
  const services = servicesLike(options.file, /^headrace-/);
  const ports = await freePorts(services.length);
  return services.map(([name], index) => startInstance(options, name, ports[index]!));
}

function startInstance(
  { image, file, directory, translate }: StartInstancesOptions,
  name: string,
  port: number,
): Instance {
  const { environment, secrets } = file.services[name]!;
  const last = readDockerfile().at(-1)!;
  const given = Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, inPlace(`${value}`)]));
  const data = join(directory, name);
  mkdirSync(data, { recursive: true });
  const args = [...execForm(theInstruction(last, 'CMD').text), '--port', `${port}`];
  const child = spawn(process.execPath, image.command(args), {
    cwd: directory,
    env: { PATH: process.env.PATH, ...image.variables, ...given, HEADRACE_DATA: data, HEADRACE_HOST: HOST },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let told = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (told += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', (status) => resolve(status)));
  const address = `http://${HOST}:${port}`;
  return { name, address, child, ended, told: () => told, healthy };

  function inPlace(text: string): string {
    const files = secrets.map((each) => [`/run/secrets/${each}`, join(directory, file.secrets[each]!.file)] as const);
    return files.reduce((known, [inside, here]) => known.replaceAll(inside, here), translate(text));
  }

  async function healthy(): Promise<void> {
    const script = execForm(theInstruction(last, 'HEALTHCHECK').text.replace(/^CMD /, '')).at(-1)!;
    const here = script.replace(`http://127.0.0.1:${startOptions([]).port}`, address);
    const until = Date.now() + HEALTHY_TIMEOUT_MS;
    while (child.exitCode === null && Date.now() < until) {
      const isHealthy = await promisify(execFile)(process.execPath, ['-e', here]).then(
        () => true,
        () => false,
      );
      if (isHealthy) return;
      await sleep(200);
    }
    throw new Error(`${name} is not healthy (exit code ${child.exitCode}): ${told}`);
  }
}
