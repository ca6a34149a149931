import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ApiKeys, presentedKey } from '../../../../src/app/http/api/api-keys.ts';

const digest = (key: string) => createHash('sha256').update(key).digest('hex');

describe('API keys', () => {
  it('name the client of a key, and nobody for another', () => {
    const keys = new ApiKeys(
      `# those who may ask\nbranch:${digest('k1')}\n\natm-1:${digest('k2').toUpperCase()} # new\n`,
    );
    expect(keys.clientOf('k1')).toBe('branch');
    expect(keys.clientOf('k2')).toBe('atm-1');
    for (const wrong of ['', 'k', 'k11', digest('k1')]) expect(keys.clientOf(wrong)).toBeUndefined();
  });

  it.each([
    ['no key at all', '# none\n', /holds no key/],
    ['the key itself', 'branch:secret-key', /line 1/],
    ['a name twice', `a:${digest('1')}\na:${digest('2')}`, /twice/],
  ])('refuse a file with %s', (_what, text, message) => {
    expect(() => new ApiKeys(text)).toThrow(message);
    expect(() => new ApiKeys(text)).not.toThrow(/secret-key/);
  });

  it('say which file is missing', () => {
    expect(() => ApiKeys.ofFile('/nowhere/keys')).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  it('are presented as bearer or in a header of their own', () => {
    expect(presentedKey({ authorization: 'Bearer abc' })).toBe('abc');
    expect(presentedKey({ authorization: 'bearer  abc' })).toBe('abc');
    expect(presentedKey({ 'x-api-key': 'abc' })).toBe('abc');
    expect(presentedKey({ authorization: 'Basic abc', 'x-api-key': 'def' })).toBe('def');
    expect(presentedKey({ authorization: 'Basic abc' })).toBeUndefined();
  });
});
