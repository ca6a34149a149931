import { expect, test } from 'vitest';
import { newerErrorCodes } from '../../../../../src/log/kafka/client/corrections/newer-error-codes.ts';
import { corrected, stock } from '../libraries.ts';

interface ErrorModule {
  createErrorFromCode(code: number): { type: string; code: number; retriable: boolean };
  readonly errorCodes: readonly { code: number }[];
}

test.each([
  [90, 'PRODUCER_FENCED', false],
  [89, 'THROTTLING_QUOTA_EXCEEDED', true],
  [120, 'TRANSACTION_ABORTABLE', false],
])('%i is %s', (code, type, retriable) => {
  const old = stock('src/protocol/error') as ErrorModule;
  expect(old.createErrorFromCode(code).type).toBe('KAFKAJS_UNKNOWN_ERROR_CODE');
  const { createErrorFromCode } = corrected(newerErrorCodes)('src/protocol/error') as ErrorModule;
  expect(createErrorFromCode(code)).toMatchObject({ type, code, retriable });
});

test('no code is there twice, and the old ones are as they were', () => {
  const { errorCodes } = corrected(newerErrorCodes)('src/protocol/error') as ErrorModule;
  expect(new Set(errorCodes.map(({ code }) => code)).size).toBe(errorCodes.length);
  expect(errorCodes).toEqual(expect.arrayContaining([...(stock('src/protocol/error') as ErrorModule).errorCodes]));
});
