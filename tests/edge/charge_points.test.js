const assert = require('node:assert/strict');
const { test } = require('node:test');
const { load } = require('./edge_function.js');
const CASES = require('./cases.json');

const RESERVED = 'x-csms- cloudfront-viewer-cert-';
const constants = { STAGE: CASES.stage, RESERVED, ADDRESS: 'x-csms-viewer-address' };
const handler = load('charge_points.js', constants);

// CloudFront hands the query over by name, encoded as it came, a repeated name with all its values.
function structured(query) {
    const found = {};
    for (const [name, value] of query.split('&').filter(Boolean).map((pair) => pair.split(/=(.*)/s))) {
        const values = [...(found[name]?.multiValue ?? []), { value }];
        found[name] = values.length > 1 ? { value, multiValue: values } : { value, multiValue: values };
    }
    return found;
}

function handle({ path, query = '', headers = {} }, by = handler) {
    const request = { method: 'GET', uri: path, querystring: structured(query), headers, cookies: {} };
    return by({ version: '1.0', context: { eventType: 'viewer-request' }, viewer: { ip: '198.51.100.7' }, request });
}

for (const each of CASES.rewritten) {
    test(`rewritten: ${each.why}`, () => {
        const request = handle(each);
        assert.deepEqual({ path: request.uri, query: request.querystring }, each.to);
    });
}

for (const each of CASES.refused) {
    test(`refused: ${each.why}`, () => assert.equal(handle(each).statusCode, 400));
}

for (const each of CASES.unchanged) {
    test(`unchanged: ${each.why}`, () => {
        const request = handle(each);
        assert.deepEqual([request.uri, request.querystring], [each.path, structured(each.query)]);
    });
}

const headers = (names) => Object.fromEntries(names.map((name) => [name, { value: name }]));

for (const path of ['/ocpp/CP001', '/prod']) {
    test(`${path}: what a station sends of itself goes on, what would be a fact does not`, () => {
        const sent = headers([...CASES.kept_headers, ...CASES.dropped_headers]);
        const expected = { ...headers(CASES.kept_headers), 'x-csms-viewer-address': { value: '198.51.100.7' } };
        assert.deepEqual(handle({ path, headers: sent }).headers, expected);
    });
}

test('the address is the one CloudFront sees', () => {
    const sent = { 'x-csms-viewer-address': { value: '203.0.113.9' } };
    assert.equal(handle({ path: '/ocpp/CP001', headers: sent }).headers['x-csms-viewer-address'].value, '198.51.100.7');
});

test('where CloudFront states the certificate itself it is left alone', () => {
    const mtls = load('charge_points.js', { ...constants, RESERVED: 'x-csms-' });
    const subject = { value: 'CN=CP001' };
    const sent = { 'cloudfront-viewer-cert-subject': subject, 'x-csms-edge': { value: 'mtls' } };
    const found = handle({ path: '/ocpp/CP001', headers: sent }, mtls).headers;
    assert.deepEqual(Object.keys(found).sort(), ['cloudfront-viewer-cert-subject', 'x-csms-viewer-address']);
    assert.equal(found['cloudfront-viewer-cert-subject'], subject);
});
