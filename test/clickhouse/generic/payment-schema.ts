/** A schema with every kind of field that a table takes. */
export const PAYMENT = {
  type: 'record',
  name: 'Payment',
  namespace: 'bank',
  fields: [
    { name: 'paymentId', type: { type: 'string', logicalType: 'uuid' } },
    { name: 'sequence', type: 'long' },
    { name: 'count', type: 'int' },
    { name: 'amount', type: { type: 'bytes', logicalType: 'decimal', precision: 38, scale: 4 } },
    {
      name: 'fee',
      type: ['null', { type: 'fixed', name: 'Fee', size: 8, logicalType: 'decimal', precision: 18, scale: 2 }],
      default: null,
    },
    { name: 'currency', type: { type: 'string', logicalType: 'iso-4217' } },
    { name: 'isFinal', type: 'boolean' },
    { name: 'rate', type: 'double' },
    { name: 'score', type: ['null', 'float'], default: null },
    { name: 'state', type: { type: 'enum', name: 'State', symbols: ['NEW', 'DONE'] } },
    { name: 'reason', type: ['null', 'State'], default: null },
    { name: 'bookedOn', type: { type: 'int', logicalType: 'date' } },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'exactAt', type: ['null', { type: 'long', logicalType: 'timestamp-micros' }], default: null },
    { name: 'raw', type: 'bytes' },
    { name: 'digest', type: { type: 'fixed', name: 'Digest', size: 4 } },
    { name: 'tags', type: ['null', { type: 'array', items: ['null', 'string'] }], default: null },
    { name: 'counts', type: { type: 'map', values: ['null', 'int'] } },
    {
      name: 'payer',
      type: {
        type: 'record',
        name: 'Party',
        fields: [
          { name: 'name', type: 'string' },
          {
            name: 'address',
            type: [
              'null',
              {
                type: 'record',
                name: 'Address',
                fields: [
                  { name: 'city', type: 'string' },
                  { name: 'lines', type: { type: 'array', items: 'string' } },
                ],
              },
            ],
            default: null,
          },
        ],
      },
    },
    {
      name: 'legs',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Leg',
          fields: [
            { name: 'account', type: 'string' },
            { name: 'amount', type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 } },
            { name: 'state', type: ['null', 'State'] },
            { name: 'day', type: ['null', { type: 'int', logicalType: 'date' }] },
          ],
        },
      },
    },
  ],
} as const;
