import { HeadraceError } from '../../../errors.ts';

/** What TLS says where the two sides will not agree however often they try. */
const TLS_REFUSALS =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET|VERIFY|DECRYPT)|HOSTNAME_MISMATCH|INVALID_CA|EPROTO$)/;
const HOST_UNKNOWN = 'ENOTFOUND';

/** The error for a broker that cannot be reached, answers too late, or whose connection was lost. */
export function connectionLost(broker: string, why: string, cause?: unknown): HeadraceError {
  return new HeadraceError('KAFKA_UNAVAILABLE', `${broker}: ${why}`, {
    retriable: true,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A failure of kafkajs's connection as an error of ours: refusals that no repetition mends are told from losses. What is none of kafkajs's stays as it is. */
export function connectionError(broker: string, error: unknown): unknown {
  if (!(error instanceof Error) || !error.name.startsWith('KafkaJS')) return error;
  const { name, message, code, type } = described(error);
  if (name === 'KafkaJSSASLAuthenticationError')
    return refused(broker, message, 'check user, password and mechanism', error);
  if (type === 'ILLEGAL_SASL_STATE' || type === 'UNSUPPORTED_SASL_MECHANISM') {
    return refused(
      broker,
      message,
      'the listener wants no SASL, or another mechanism: check port and mechanism',
      error,
    );
  }
  if (type === 'UNSUPPORTED_VERSION' || name === 'KafkaJSServerDoesNotSupportApiKey') {
    return refused(broker, message, 'Apache Kafka 3.9 or later is needed', error);
  }
  if (TLS_REFUSALS.test(code)) {
    return refused(broker, message, 'check certificate authority, host name and port of the TLS listener', error);
  }
  if (code === HOST_UNKNOWN) return connectionLost(broker, `${message}; check the host's name`, error);
  return connectionLost(broker, message, error);
}

function refused(broker: string, message: string, hint: string, cause: unknown): HeadraceError {
  return new HeadraceError('KAFKA_REFUSED', `${broker}: ${message} (${hint})`, { cause });
}

function described(error: Error): { name: string; message: string; code: string; type: string } {
  const code = 'code' in error ? String(error.code) : '';
  const type = 'type' in error ? String(error.type) : '';
  return { name: error.name, message: error.message, code, type };
}
