import type { Correction } from '../correction.ts';

/**
 * Defect: the message of OAUTHBEARER has a quotation mark before the authorization identity, so that a broker which wants one refuses the
 * message as malformed (src/protocol/sasl/oauthBearer/request.js, 49).
 *
 * Correction: `n,a=IDENTITY,` as RFC 5801, section 4 has it.
 */
export const oauthBearerIdentity: Correction = {
  name: 'oauth-bearer-identity',
  summary: 'OAUTHBEARER with an authorization identity sends a message that brokers can read',
  edits: {
    'src/protocol/sasl/oauthBearer/request.js': [{ from: '`"a=', to: '`a=' }],
  },
};
