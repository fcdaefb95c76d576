const assert = require('node:assert/strict');
const { test } = require('node:test');
const { load } = require('./edge_function.js');

const handler = load('operators.js');

function requested(uri) {
    const request = { method: 'GET', uri, querystring: { cp: { value: 'a%2Fb' } }, headers: {} };
    return handler({ context: { eventType: 'viewer-request' }, viewer: { ip: '198.51.100.7' }, request });
}

function answered(headers) {
    const response = { statusCode: 202, headers };
    return handler({ context: { eventType: 'viewer-response' }, request: { uri: '/bulk' }, response });
}

for (const [uri, to] of [
    ['/api/', '/'],
    ['/api/charge-points', '/charge-points'],
    ['/api/charge-points/a%2Fb%252F/api/', '/charge-points/a%2Fb%252F/api/'],
    ['/api/api/x', '/api/x'],
    ['/api//x', '//x'],
]) {
    test(`${uri} is ${to} at the API`, () => {
        const request = requested(uri);
        assert.deepEqual([request.uri, request.querystring], [to, { cp: { value: 'a%2Fb' } }]);
    });
}

for (const uri of ['/%61pi/charge-points', '/x/../api/charge-points', '/api']) {
    test(`${uri} is nothing`, () => assert.equal(requested(uri).statusCode, 404));
}

test('a location of the API is one of the distribution', () => {
    const { headers, statusCode } = answered({ location: { value: '/bulk/1' }, etag: { value: '"x"' } });
    assert.deepEqual(headers, { location: { value: '/api/bulk/1' }, etag: { value: '"x"' } });
    assert.equal(statusCode, 202);
});

test('a location elsewhere stays', () => {
    const value = 'https://bucket.s3.amazonaws.com/firmware?X-Amz-Signature=x';
    assert.equal(answered({ location: { value } }).headers.location.value, value);
});

test('an answer without a location stays as it is', () => {
    assert.deepEqual(answered({}).headers, {});
});
