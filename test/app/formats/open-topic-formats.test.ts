import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OpenTopicFormats, openTopicFormats } from '../../../src/app/formats/open-topic-formats.ts';
import { RegistryServer } from '../../serde/avro/registry-server.ts';
import { files, TRANSACTION, topics } from '../../serde/avro/topics.ts';

let server: RegistryServer;
const opened: OpenTopicFormats[] = [];

beforeEach(async () => {
  server = new RegistryServer();
  await server.listen();
});

afterEach(async () => {
  for (const formats of opened.splice(0)) formats.close();
  await server.close();
});

async function open(options: Partial<Parameters<typeof openTopicFormats>[0]>): Promise<OpenTopicFormats> {
  const formats = await openTopicFormats({ clock: Date.now, ...options });
  opened.push(formats);
  return formats;
}

describe('the formats of the topics', () => {
  it('need nothing but the schemas that come with Headrace; JSON is written unless told', async () => {
    const json = await open({});
    const avro = await open({ format: 'avro' });
    const bytes = avro.valueSerde<object>('transactions').serialize(TRANSACTION);
    expect(bytes[0]).toBe(0);
    expect(json.decodeValue('transactions', bytes)).toEqual(TRANSACTION);
    expect(json.valueSerde<object>('transactions').serialize(TRANSACTION)[0]).toBe('{'.charCodeAt(0));
  });

  it("go by a registry's ids where one is named: each schema is registered there before the first value", async () => {
    const formats = await open({ format: 'avro', registryUrl: server.url });
    expect(server.requests.filter((request) => request.endsWith('/versions'))).toHaveLength(topics.length);
    const serde = formats.valueSerde<object>('transactions');
    expect(serde.deserialize(serde.serialize(TRANSACTION))).toEqual(TRANSACTION);
  });

  it('ask the registry for what another producer wrote, for those who can wait', async () => {
    const formats = await open({ registryUrl: server.url });
    expect(server.requests).toEqual([]);
    const { id } = server.put('transactions-value', files.current.get('transactions'));
    const bytes = (await open({ format: 'avro' })).valueSerde<object>('transactions').serialize(TRANSACTION);
    bytes[4] = id;
    expect(await formats.resolveValue('transactions', bytes)).toEqual(TRANSACTION);
    expect(await formats.resolveValue('transactions', null)).toBeNull();
    bytes[4] = id + 1;
    await expect(formats.resolveValue('transactions', bytes)).rejects.toMatchObject({ code: 'SCHEMA_UNKNOWN' });
  });

  it('are not opened where the registry that is named does not answer', async () => {
    await server.close();
    await expect(open({ format: 'avro', registryUrl: server.url })).rejects.toMatchObject({
      code: 'SCHEMA_UNAVAILABLE',
      retriable: true,
    });
    await server.listen();
  });
});
