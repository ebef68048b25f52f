// Calls the trial service with @grpc/grpc-js. Usage: node conformance.mjs HOST:PORT HOST:PORT-THAT-COMPRESSES REPOSITORY
// Prints "ok NAME" or "failed NAME: why" for each check, and "done" at the end.
import assert from 'node:assert/strict';
import path from 'node:path';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';
import protobuf from 'protobufjs';

const [address, compressing, repository] = process.argv.slice(2);

function load(folder, file) {
  const definition = loader.loadSync(file, {
    includeDirs: [path.join(repository, folder)], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true,
  });
  return grpc.loadPackageDefinition(definition);
}

const { polyfills } = load('tests/Polyfills.Tests/Grpc/Protos', 'trial.proto');
const health = load('polyfills/Grpc.HealthCheck/Protos', 'grpc/health/v1/health.proto').grpc.health.v1;
const reflection = load('polyfills/Grpc.Reflection/Protos', 'grpc/reflection/v1alpha/reflection.proto').grpc.reflection.v1alpha;

// Plain messages need protobufjs, which proto-loader stands on; it knows google/protobuf/*.proto by itself.
const errors = new protobuf.Root();
errors.resolvePath = (_, file) => file.startsWith('google/protobuf/') ? file : path.join(repository, 'polyfills/Google.Api.CommonProtos/Protos', file);
errors.loadSync(['google/rpc/status.proto', 'google/rpc/error_details.proto'], { keepCase: true });
const parse = (type, bytes) => errors.lookupType(type).decode(bytes);

const insecure = grpc.credentials.createInsecure();
const connect = options => new polyfills.trial.Trial(address, insecure, options);
const client = connect({});
const within = milliseconds => ({ deadline: Date.now() + milliseconds });

// A unary call as a promise of { reply, headers, status }; it rejects with grpc-js's ServiceError.
function unary(target, name, request, metadata = new grpc.Metadata(), options = within(20000)) {
  return new Promise((resolve, reject) => {
    const result = {};
    const call = target[name](request, metadata, options, (error, reply) => {
      if (error) { reject(error); } else { result.reply = reply; if (result.status) { resolve(result); } }
    });
    call.on('metadata', headers => { result.headers = headers; });
    call.on('status', status => { result.status = status; if (result.reply) { resolve(result); } });
  });
}

// The messages of a stream, and how it ended.
function collect(stream) {
  return new Promise(resolve => {
    const messages = [];
    stream.on('data', message => messages.push(message));
    stream.on('error', () => {});
    stream.on('status', status => resolve({ messages, status }));
  });
}

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  assert.fail('the call did not fail');
}

const checks = {
  async unary() {
    const { reply, status } = await unary(client, 'Echo', { text: 'hallo ☃', payload: Buffer.from([0, 255]) });
    assert.equal(reply.text, 'hallo ☃');
    assert.deepEqual([...reply.payload], [0, 255]);
    assert.equal(status.code, grpc.status.OK);
  },

  async large_unary() {
    const { reply } = await unary(client, 'Echo', { payload: Buffer.alloc(3_500_000, 7) });
    assert.equal(reply.payload.length, 3_500_000);
  },

  async client_streaming() {
    const sum = new Promise((resolve, reject) => {
      const call = client.Sum(within(20000), (error, reply) => error ? reject(error) : resolve(reply.value));
      for (let i = 1; i <= 100; i++) { call.write({ value: i }); }
      call.end();
    });
    assert.equal(await sum, 5050);
  },

  async server_streaming() {
    const { messages, status } = await collect(client.Count({ count: 1000 }, within(20000)));
    assert.deepEqual(messages.map(message => message.value), [...Array(1000).keys()]);
    assert.equal(status.code, grpc.status.OK);
  },

  async server_streaming_that_fails() {
    const { messages, status } = await collect(client.Count({ count: 9, fail_after: 3 }, within(20000)));
    // This client may report a failure before it has unpacked the last messages.
    assert.ok(messages.length <= 3);
    assert.equal(status.code, grpc.status.DATA_LOSS);
    assert.equal(status.details, 'after 3');
  },

  async duplex_streaming() {
    const call = client.Chat(within(20000));
    const answers = [];
    call.on('data', message => {
      answers.push(message.text);
      if (answers.length < 3) { call.write({ text: 'abc'[answers.length] }); } else { call.end(); }
    });
    call.write({ text: 'a' });
    const status = await new Promise(resolve => call.on('status', resolve));
    assert.deepEqual(answers, ['A', 'B', 'C']);
    assert.equal(status.code, grpc.status.OK);
  },

  async many_calls_at_once() {
    const replies = await Promise.all([...Array(200).keys()].map(i => unary(client, 'Echo', { text: `call ${i}` })));
    replies.forEach(({ reply }, i) => assert.equal(reply.text, `call ${i}`));
  },

  async deadline() {
    const error = await failure(unary(client, 'Wait', { text: 'node deadline' }, new grpc.Metadata(), within(300)));
    assert.equal(error.code, grpc.status.DEADLINE_EXCEEDED);
  },

  async deadline_is_told_to_the_server() {
    const { reply } = await unary(client, 'Describe', {}, new grpc.Metadata(), within(100_000));
    assert.ok(reply.deadline_ms > 50_000 && reply.deadline_ms <= 100_000, `${reply.deadline_ms}`);
  },

  async cancel() {
    const call = client.Count({ count: 1, hold: 'node cancel' }, within(20000));
    call.once('data', () => call.cancel());
    const { status } = await collect(call);
    assert.equal(status.code, grpc.status.CANCELLED);
  },

  async metadata_and_trailers() {
    const metadata = new grpc.Metadata();
    const bytes = Buffer.from([0, 1, 2, 250, 255]);
    metadata.set('x-plain', 'value');
    metadata.set('x-data-bin', bytes);
    metadata.set('y-end', 'z');
    metadata.set('y-end-bin', bytes);
    const { headers, status } = await unary(client, 'Echo', {}, metadata);
    assert.deepEqual(headers.get('x-plain'), ['value']);
    assert.deepEqual(headers.get('x-data-bin'), [bytes]);
    assert.deepEqual(status.metadata.get('y-end'), ['z']);
    assert.deepEqual(status.metadata.get('y-end-bin'), [bytes]);
  },

  async every_status() {
    for (let code = 1; code <= 16; code++) {
      const error = await failure(unary(client, 'Fail', { kind: 'STATUS', code, detail: `50% of ☃ ${code}\n` }));
      assert.equal(error.code, code);
      assert.equal(error.details, `50% of ☃ ${code}\n`);
      assert.deepEqual(error.metadata.get('y-why'), ['because']);
    }
  },

  async status_details() {
    const error = await failure(unary(client, 'Fail', { kind: 'RICH_STATUS', code: 3, detail: 'bad text' }));
    const status = parse('google.rpc.Status', error.metadata.get('grpc-status-details-bin')[0]);
    assert.equal(status.code, 3);
    assert.equal(status.message, 'bad text');
    assert.equal(status.details[0].type_url, 'type.googleapis.com/google.rpc.BadRequest');
    const violation = parse('google.rpc.BadRequest', status.details[0].value).field_violations[0];
    assert.equal(violation.field, 'text');
    assert.equal(violation.description, 'too long');
  },

  async unexpected_exception() {
    const error = await failure(unary(client, 'Fail', { kind: 'UNEXPECTED', detail: 'secret' }));
    assert.equal(error.code, grpc.status.UNKNOWN);
    assert.ok(!error.details.includes('secret'));
  },

  async unimplemented() {
    assert.equal((await failure(unary(client, 'Missing', {}))).code, grpc.status.UNIMPLEMENTED);
    const nobody = new grpc.Client(address, insecure);
    const error = await failure(new Promise((resolve, reject) => nobody.makeUnaryRequest(
      '/no.Such/Thing', bytes => bytes, bytes => bytes, Buffer.alloc(0), (error, reply) => error ? reject(error) : resolve(reply))));
    nobody.close();
    assert.equal(error.code, grpc.status.UNIMPLEMENTED);
  },

  async gzip_request() {
    const gzip = connect({ 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip, 'grpc.use_local_subchannel_pool': 1 });
    const text = 'a'.repeat(50_000);
    assert.equal((await unary(gzip, 'Echo', { text })).reply.text, text);
    assert.equal((await unary(gzip, 'Describe', { text })).reply.grpc_encoding, 'gzip');
    gzip.close();
  },

  // That server compresses its responses for those who accept it, as this client does.
  async gzip_response() {
    const gzip = new polyfills.trial.Trial(compressing, insecure);
    const text = 'b'.repeat(50_000);
    assert.equal((await unary(gzip, 'Echo', { text })).reply.text, text);
    const { messages } = await collect(gzip.Count({ count: 3, payload_bytes: 1000 }, within(20000)));
    assert.deepEqual(messages.map(message => message.value), [0, 1, 2]);
    gzip.close();
  },

  async request_over_the_servers_limit() {
    const error = await failure(unary(client, 'Echo', { payload: Buffer.alloc(5_000_000) }));
    assert.equal(error.code, grpc.status.RESOURCE_EXHAUSTED);
  },

  async response_over_the_clients_limit() {
    const narrow = connect({ 'grpc.max_receive_message_length': 1000, 'grpc.use_local_subchannel_pool': 1 });
    const error = await failure(unary(narrow, 'Echo', { payload: Buffer.alloc(2000) }));
    narrow.close();
    assert.equal(error.code, grpc.status.RESOURCE_EXHAUSTED);
  },

  async keepalive_pings() {
    const pinging = connect({ 'grpc.keepalive_time_ms': 50, 'grpc.keepalive_timeout_ms': 5000, 'grpc.use_local_subchannel_pool': 1 });
    const error = await failure(unary(pinging, 'Wait', { text: 'node pings' }, new grpc.Metadata(), within(600)));
    assert.equal(error.code, grpc.status.DEADLINE_EXCEEDED);
    assert.equal((await unary(pinging, 'Echo', { text: 'alive' })).reply.text, 'alive');
    pinging.close();
  },

  async health() {
    const checker = new health.Health(address, insecure);
    const state = async service => (await unary(checker, 'Check', { service })).reply.status;
    assert.equal(await state('polyfills.trial.Trial'), 'SERVING');
    assert.equal(await state('archive'), 'NOT_SERVING');
    assert.equal((await failure(state('nobody'))).code, grpc.status.NOT_FOUND);
    const watch = checker.Watch({ service: 'polyfills.trial.Trial' }, within(20000));
    watch.on('error', () => {});
    const first = await new Promise(resolve => watch.once('data', resolve));
    assert.equal(first.status, 'SERVING');
    watch.cancel();
    checker.close();
  },

  async reflection() {
    const asker = new reflection.ServerReflection(address, insecure);
    const call = asker.ServerReflectionInfo(within(20000));
    const answers = collect(call);
    call.write({ list_services: '*' });
    call.write({ file_containing_symbol: 'polyfills.trial.Trial' });
    call.write({ file_by_filename: 'none.proto' });
    call.end();
    const { messages, status } = await answers;
    assert.equal(status.code, grpc.status.OK);
    assert.ok(messages[0].list_services_response.service.some(service => service.name === 'polyfills.trial.Trial'));
    const loaded = loader.loadFileDescriptorSetFromBuffer(descriptorSet(messages[1].file_descriptor_response.file_descriptor_proto));
    assert.ok(loaded['polyfills.trial.Trial'].Echo);
    assert.equal(messages[2].error_response.error_code, grpc.status.NOT_FOUND);
    asker.close();
  },
};

// A serialized google.protobuf.FileDescriptorSet (field 1, repeated) of serialized files.
function descriptorSet(files) {
  return Buffer.concat(files.flatMap(file => [Buffer.from([0x0a, ...varint(file.length)]), file]));
}

function varint(value) {
  const bytes = [];
  for (; value > 127; value >>>= 7) { bytes.push(value & 127 | 128); }
  return [...bytes, value];
}

for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`failed ${name}: ${String(error.stack ?? error).replaceAll('\n', ' | ')}`);
  }
}

console.log('done');
client.close();
process.exit(0);
