/** The release of kafkajs that the corrections are for. */
export const kafkajsVersion = '2.2.4';

/** SHA-256 of each file that a correction touches, as that release has it. */
export const correctedSources: Readonly<Record<string, string>> = {
  'src/broker/index.js': '9cbea8898528c439c213080f99d86974460114f81b5034c49aeb593a0337ca90',
  'src/broker/saslAuthenticator/oauthBearer.js': '40e6353d698cc6d019ebdb0077e954bd40a1510a09a0ab91a74ef1255d542247',
  'src/consumer/consumerGroup.js': 'f3e461738585a8dc6574c647123a18afc732f81cdee4f9f7bb62e4aa1dffbfbb',
  'src/consumer/filterAbortedMessages.js': '54ce50f2a41ee1686da8b73bf8b502c7dd07c9d7cb0a494cdb36a7fc536ced8e',
  'src/consumer/index.js': 'cdf5b3d7c67364b2b55a5c491225c08318054b515e079fa3aa7b7d9f4d8d19dd',
  'src/index.js': '38d0022e448f0aaa72ad2ed16fac346a3dd3a2d28b64ca5395cb33a26c8a82e9',
  'src/network/connection.js': '2a993b2e74421ca6d846efd59e4ba74b11100dbe7d40d0f52ea3218e917aafdd',
  'src/network/requestQueue/index.js': 'b55986089c14f8f7bfc377922e2e65b3e4c1e7c7af2752d3b10a75dfe9e9260c',
  'src/network/socket.js': '9922c37e8a4d9e6b040e3bf8d6d74ca9f4c39c3c875deadc0f9dc5052e714ebe',
  'src/network/socketFactory.js': '1493fc580263350fdbe75fa633b6df70f39d4b11d0520b45243cb1df45168577',
  'src/producer/eosManager/index.js': 'a74ae029d7aa786b8616b77f922d30a81bec2833878769dbfa6b4a9dab66db22',
  'src/producer/eosManager/transactionStateMachine.js':
    '1189584380f32964e223db28dd8b3c7cc252ebb6d7fb340b2f924a69a70c9c74',
  'src/producer/groupMessagesPerPartition.js': 'ea72357721fbf67770b5e06b9bf4260faa1e60f3affb556bff2cc7892c1881fb',
  'src/producer/index.js': '37a6da431139e4af020c4f381af10855ab34e3660bbf4937abda1b27f9379775',
  'src/producer/sendMessages.js': '8a120e6993955e040a13014cccebd79b8d41e7355d6eda1065fa83fea2fbbcdb',
  'src/protocol/error.js': '8911e3226a8aebddc2fffe2b2504379f966b804995dd911713c8c495c3673188',
  'src/protocol/message/compression/index.js': '666ec6400225fe90e42f6a59d7bbda2028f4150699dda04524689ccf1f0cb2c1',
  'src/protocol/recordBatch/v0/decoder.js': '38cae7fc865f9bc51941353e1f6e9419227a8799ba4efb437199393a4eb94819',
  'src/protocol/recordBatch/v0/index.js': '6d6b63a8959ff0b9ea1198b2d4ec0af940a4c92d5c793bb592310ab46f99df30',
  'src/protocol/request.js': '2270900ca6474026c11957fe71ac586881985460ed2554db22ad8870dcaff634',
  'src/protocol/requests/fetch/v4/decodeMessages.js':
    'd9fede59bebf84ee15169d0ecc54df594a11722b6ba8d5db535ed1d8548d4fcc',
  'src/protocol/requests/offsetFetch/index.js': '518af17259c0ff4e7581e0384a478551dde847e25ed55f45b661d2cf50e8b5a4',
  'src/protocol/requests/produce/v3/request.js': '993a3db997827088f5acb08cacf3c67a99ec2886303ff465d244329b8a1c7f99',
  'src/protocol/requests/produce/v3/response.js': '2f36048c7ca33a695e0d62892fef7964a6c3d06a7f4cd2cd7fb68858b9825680',
  'src/protocol/requests/txnOffsetCommit/index.js': 'de987fd8224548533d44ff0779a3e71146932d27ab18979bc02592f347c85634',
  'src/protocol/sasl/oauthBearer/request.js': '3eccd54c953bf0269b8d6b79935dc1c7674fdc53655affd6060d7acac919a4dd',
};
