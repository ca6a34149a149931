import { expect, test } from 'vitest';
import { oauthBearerIdentity } from '../../../../../src/log/kafka/client/corrections/oauth-bearer-identity.ts';
import type { LoadModule } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { corrected, stock } from '../libraries.ts';

type CreateRequest = (sasl: object, token: object) => Promise<{ encode(): Promise<Buffer> }>;

async function sent(load: LoadModule, sasl: object): Promise<string> {
  const create = load('src/protocol/sasl/oauthBearer/request') as CreateRequest;
  const LENGTH_BYTES = 4;
  return (await (await create(sasl, { value: 'token' })).encode()).subarray(LENGTH_BYTES).toString();
}

test('the identity stands without a quotation mark', async () => {
  const sasl = { authorizationIdentity: 'alice' };
  expect(await sent(stock, sasl)).toMatch(/^n,"a=alice,/);
  expect(await sent(corrected(oauthBearerIdentity), sasl)).toBe('n,a=alice,\x01auth=Bearer token\x01\x01');
});

test('without one the message is as it was', async () => {
  expect(await sent(corrected(oauthBearerIdentity), {})).toBe(await sent(stock, {}));
});
