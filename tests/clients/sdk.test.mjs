// The AWS SDK for JavaScript against our endpoint. The environment alone says where it is: test_node.py runs this file.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";

import * as sdk from "@aws-sdk/client-s3vectors";

const { S3VectorsClient } = sdk;
// The endpoint was told no region: its ARNs are in that of the client, and so are those that a client builds by itself.
const arn = (rest) => `arn:aws:s3vectors:${process.env.AWS_REGION}:123456789012:${rest}`;
const newName = (kind) => `${kind}-${randomUUID().slice(0, 8)}`;
const client = new S3VectorsClient({});
const vectorBucketName = newName("bucket");
const sent = new Set();

function send(name, input = {}, to = client) {
  sent.add(name);
  return to.send(new sdk[`${name}Command`](input));
}

// What a promise is refused with: name, status, whether the caller is at fault.
async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof sdk.S3VectorsServiceException, `${error}`);
    assert.ok(error instanceof (sdk[error.name] ?? sdk.S3VectorsServiceException));
    const { name, message, fieldList, $fault: fault, $metadata: { httpStatusCode: status } } = error;
    return { name, message, fieldList, fault, status };
  }
  return assert.fail("nothing was refused");
}

async function newIndex(options = {}) {
  const indexName = newName("index");
  await send("CreateIndex", {
    vectorBucketName, indexName, dataType: "float32", dimension: 3, distanceMetric: "cosine", ...options,
  });
  return { vectorBucketName, indexName };
}

async function collect(pages, field) {
  const sizes = [];
  const all = [];
  for await (const page of pages) {
    sizes.push(page[field].length);
    all.push(...page[field]);
  }
  return { sizes, all };
}

const vectors = [
  { key: "a", data: { float32: [1, 0, 0] }, metadata: { kind: "fact", number: 1, half: 0.5, yes: true, tags: ["x", "y"] } },
  { key: "b", data: { float32: [0.5, 0.5, 0] }, metadata: { kind: "plan", number: 2, sizes: [1, 2.5], text: "日本 🍵 \" \\ \n" } },
  { key: "c/ü #?%", data: { float32: [0, 0, 0.1] } },
];

before(() => send("CreateVectorBucket", { vectorBucketName, tags: { team: "blue" } }));
after(() => client.destroy());

test("buckets are made, described, listed and deleted", async () => {
  const name = newName("bucket");
  const made = await send("CreateVectorBucket", { vectorBucketName: name });
  assert.equal(made.$metadata.httpStatusCode, 200);
  assert.equal(made.vectorBucketArn, arn(`bucket/${name}`));
  const { vectorBucket } = await send("GetVectorBucket", { vectorBucketArn: made.vectorBucketArn });
  assert.equal(vectorBucket.vectorBucketName, name);
  assert.ok(vectorBucket.creationTime instanceof Date);
  assert.ok(Math.abs(Date.now() - vectorBucket.creationTime.getTime()) < 600_000);
  assert.equal(vectorBucket.encryptionConfiguration.sseType, "AES256");
  const listed = await send("ListVectorBuckets", { prefix: name });
  assert.deepEqual(listed.vectorBuckets.map((each) => each.vectorBucketName), [name]);
  await send("DeleteVectorBucket", { vectorBucketName: name });
  assert.equal((await refusal(send("GetVectorBucket", { vectorBucketName: name }))).name, "NotFoundException");
});

test("ARNs of the client's own making", async () => {
  const { indexName } = await newIndex();
  const indexArn = arn(`bucket/${vectorBucketName}/index/${indexName}`);
  assert.equal((await send("GetIndex", { indexArn })).index.indexArn, indexArn);
  for (const resourceArn of [indexArn, arn(`bucket/${vectorBucketName}`)]) {
    await send("TagResource", { resourceArn, tags: { own: "arn" } });
    assert.equal((await send("ListTagsForResource", { resourceArn })).tags.own, "arn");
    await send("UntagResource", { resourceArn, tagKeys: ["own"] });
  }
  await send("DeleteIndex", { indexArn });
});

test("buckets are paged", async () => {
  const prefix = newName("many");
  const names = [1, 2, 3, 4, 5].map((each) => `${prefix}-${each}`);
  for (const name of names) await send("CreateVectorBucket", { vectorBucketName: name });
  const { sizes, all } = await collect(sdk.paginateListVectorBuckets({ client, pageSize: 2 }, { prefix }), "vectorBuckets");
  assert.deepEqual(sizes, [2, 2, 1]);
  assert.deepEqual(all.map((each) => each.vectorBucketName).sort(), names);
});

test("a bucket's policy", async () => {
  const policy = JSON.stringify({ Version: "2012-10-17", Statement: [] });
  assert.equal((await refusal(send("GetVectorBucketPolicy", { vectorBucketName }))).name, "NotFoundException");
  await send("PutVectorBucketPolicy", { vectorBucketName, policy });
  assert.equal((await send("GetVectorBucketPolicy", { vectorBucketName })).policy, policy);
  await send("DeleteVectorBucketPolicy", { vectorBucketName });
  assert.equal((await refusal(send("GetVectorBucketPolicy", { vectorBucketName }))).status, 404);
});

test("indexes are made, described and deleted", async () => {
  const at = await newIndex({
    dimension: 384, distanceMetric: "euclidean", metadataConfiguration: { nonFilterableMetadataKeys: ["content", "notes"] },
  });
  const { index } = await send("GetIndex", at);
  assert.equal(index.indexArn, arn(`bucket/${vectorBucketName}/index/${at.indexName}`));
  assert.equal(index.dimension, 384);
  assert.equal(index.distanceMetric, "euclidean");
  assert.equal(index.dataType, "float32");
  assert.deepEqual(index.metadataConfiguration.nonFilterableMetadataKeys, ["content", "notes"]);
  assert.ok(index.creationTime instanceof Date);
  await send("DeleteIndex", { indexArn: index.indexArn });
  assert.equal((await refusal(send("GetIndex", at))).name, "NotFoundException");
});

test("indexes are paged", async () => {
  const name = newName("bucket");
  const { vectorBucketArn } = await send("CreateVectorBucket", { vectorBucketName: name });
  for (const each of [1, 2, 3]) await newIndex({ vectorBucketName: name, indexName: `docs-${each}` });
  const pages = sdk.paginateListIndexes({ client, pageSize: 2 }, { vectorBucketArn, prefix: "docs-" });
  const { sizes, all } = await collect(pages, "indexes");
  assert.deepEqual(sizes, [2, 1]);
  assert.deepEqual(all.map((each) => each.indexName).sort(), ["docs-1", "docs-2", "docs-3"]);
});

test("vectors and metadata of every type come back as they were", async () => {
  const at = await newIndex();
  await send("PutVectors", { ...at, vectors });
  const found = await send("GetVectors", { ...at, keys: ["a", "b", "c/ü #?%", "absent"], returnData: true, returnMetadata: true });
  const byKey = Object.fromEntries(found.vectors.map((each) => [each.key, each]));
  assert.deepEqual(Object.keys(byKey).sort(), ["a", "b", "c/ü #?%"]);
  for (const { key, data, metadata } of vectors) {
    assert.deepEqual(byKey[key].data.float32.map(Math.fround), data.float32.map(Math.fround));
    assert.deepEqual(byKey[key].metadata ?? {}, metadata ?? {});
  }
  const bare = await send("GetVectors", { ...at, keys: ["a"] });
  assert.deepEqual(bare.vectors, [{ key: "a" }]);
  await send("DeleteVectors", { ...at, keys: ["a", "absent"] });
  assert.deepEqual((await send("GetVectors", { ...at, keys: ["a"] })).vectors, []);
});

test("a query gives distances, metadata and what a filter leaves", async () => {
  const at = await newIndex();
  await send("PutVectors", { ...at, vectors });
  const near = { ...at, topK: 3, queryVector: { float32: [1, 0, 0] }, returnDistance: true, returnMetadata: true };
  const answer = await send("QueryVectors", near);
  assert.equal(answer.distanceMetric, "cosine");
  assert.deepEqual(answer.vectors.map((each) => each.key), ["a", "b", "c/ü #?%"]);
  [0, 1 - Math.SQRT1_2, 1].forEach((wanted, place) => assert.ok(Math.abs(answer.vectors[place].distance - wanted) < 1e-4));
  assert.deepEqual(answer.vectors[1].metadata, vectors[1].metadata);
  const conditions = [
    [{ kind: "plan" }, ["b"]],
    [{ $and: [{ number: { $gte: 1, $lt: 2 } }, { yes: true }] }, ["a"]],
    [{ $or: [{ tags: "y" }, { sizes: 2.5 }] }, ["a", "b"]],
    [{ number: { $exists: false } }, ["c/ü #?%"]],
    [{ text: { $startsWith: "日本" } }, ["b"]],
  ];
  for (const [filter, keys] of conditions) {
    const { vectors: found } = await send("QueryVectors", { ...near, filter, returnMetadata: false, returnDistance: false });
    assert.deepEqual(found, keys.map((key) => ({ key })), JSON.stringify(filter));
  }
});

test("vectors and answers are paged", async () => {
  const at = await newIndex();
  const many = Array.from({ length: 250 }, (_, each) => ({ key: `k${each}`, data: { float32: [1, each / 100, 0] }, metadata: { each } }));
  await send("PutVectors", { ...at, vectors: many });
  const listed = await collect(sdk.paginateListVectors({ client, pageSize: 100 }, { ...at, returnMetadata: true }), "vectors");
  assert.deepEqual(listed.sizes, [100, 100, 50]);
  assert.equal(new Set(listed.all.map((each) => each.key)).size, 250);
  const segments = [];
  for (let segmentIndex = 0; segmentIndex < 4; segmentIndex += 1) {
    const pages = sdk.paginateListVectors({ client }, { ...at, segmentCount: 4, segmentIndex });
    segments.push(...(await collect(pages, "vectors")).all.map((each) => each.key));
  }
  assert.deepEqual(segments.sort(), many.map((each) => each.key).sort());
  const query = { ...at, topK: 230, queryVector: { float32: [1, 0, 0] }, returnDistance: true };
  const found = (await collect(sdk.paginateQueryVectors({ client }, query), "vectors")).all;
  assert.deepEqual(found.map((each) => each.key), many.slice(0, 230).map((each) => each.key));
});

test("tags of a bucket and of an index", async () => {
  const { index: { indexArn: index } } = await send("GetIndex", await newIndex({ tags: { cost: "r+d = 1" } }));
  const bucket = index.replace(/\/index\/.*/, "");
  const tags = async (resourceArn) => (await send("ListTagsForResource", { resourceArn })).tags;
  assert.deepEqual(await tags(bucket), { team: "blue" });
  assert.deepEqual(await tags(index), { cost: "r+d = 1" });
  await send("TagResource", { resourceArn: index, tags: { cost: "none", "käse:x/y": "ü", empty: "" } });
  assert.deepEqual(await tags(index), { cost: "none", "käse:x/y": "ü", empty: "" });
  await send("UntagResource", { resourceArn: index, tagKeys: ["cost", "käse:x/y", "absent"] });
  assert.deepEqual(await tags(index), { empty: "" });
});

test("errors have their class, status and words", async () => {
  const at = await newIndex();
  const put = (vector) => refusal(send("PutVectors", { ...at, vectors: [{ key: "k", data: { float32: [1, 0, 0] }, ...vector }] }));
  const table = [
    [() => send("CreateVectorBucket", { vectorBucketName }), "ConflictException", 409, "already exists"],
    [() => send("CreateVectorBucket", { vectorBucketName: "No" }), "ValidationException", 400, "vectorBucketName"],
    [() => send("DeleteVectorBucket", { vectorBucketName }), "ConflictException", 409, "not empty"],
    [() => send("GetIndex", { vectorBucketName, indexName: "absent" }), "NotFoundException", 404, "The specified index could not be found"],
    [() => send("GetIndex", { vectorBucketName: "absent-bucket", indexName: "abc" }), "NotFoundException", 404, "could not be found"],
    [() => send("GetIndex", { indexName: "abc" }), "ValidationException", 400, "Must specify either"],
    [() => send("QueryVectors", { ...at, topK: 1, queryVector: { float32: [1] } }), "ValidationException", 400, ""],
    [() => send("QueryVectors", { ...at, topK: 1, queryVector: { float32: [1, 0, 0] }, filter: { a: 1, b: 2 } }), "ValidationException", 400, "Invalid filter"],
  ];
  for (const [call, name, status, words] of table) {
    const found = await refusal(call());
    assert.deepEqual([found.name, found.status, found.fault], [name, status, "client"]);
    assert.ok(found.message.includes(words), found.message);
  }
  const { fieldList } = await refusal(send("CreateVectorBucket", { vectorBucketName: "no" }));
  assert.deepEqual(fieldList.map((each) => each.path), ["/vectorBucketName"]);
  assert.ok((await put({ data: { float32: [1] } })).message.includes("vector must have length 3, but has length 1"));
  assert.ok((await put({ data: { float32: [0, 0, 0] } })).message.includes("zero norm"));
  assert.equal((await put({ data: { float32: [Number.NaN, 0, 0] } })).name, "ValidationException");
  assert.ok((await put({ metadata: { nested: { not: "allowed" } } })).message.includes("Metadata values must be"));
  assert.ok((await put({ metadata: { none: null } })).message.includes("Metadata values must be"));
});

test("a wrong secret and an unknown key are refused, as is what is not signed", async () => {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = process.env;
  for (const credentials of [{ accessKeyId, secretAccessKey: "wrong" }, { accessKeyId: "AKIDUNKNOWN", secretAccessKey }]) {
    const stranger = new S3VectorsClient({ credentials });
    const found = await refusal(send("ListVectorBuckets", {}, stranger));
    assert.equal(found.status, 403);
    assert.match(found.name, /^(InvalidSignature|UnrecognizedClient|AccessDenied)Exception$/);
    stranger.destroy();
  }
  const name = newName("bucket");
  const answer = await fetch(`${process.env.AWS_ENDPOINT_URL_S3VECTORS}/CreateVectorBucket`, {
    method: "POST", body: JSON.stringify({ vectorBucketName: name }),
  });
  assert.equal(answer.status, 403);
  assert.equal((await refusal(send("GetVectorBucket", { vectorBucketName: name }))).name, "NotFoundException");
});

test("many calls at once", async () => {
  const at = await newIndex();
  const one = (each) => send("PutVectors", { ...at, vectors: [{ key: `k${each}`, data: { float32: [1, each, 0] } }] });
  await Promise.all(Array.from({ length: 40 }, (_, each) => one(each)));
  const { all } = await collect(sdk.paginateListVectors({ client }, at), "vectors");
  assert.equal(all.length, 40);
});

test("every command of the client was sent", () => {
  const commands = Object.keys(sdk).filter((name) => /^[A-Z].*Command$/.test(name)).map((name) => name.slice(0, -"Command".length));
  // The pager sends it.
  assert.deepEqual([...sent, "ListIndexes", "ListVectors"].sort(), commands.sort());
});
