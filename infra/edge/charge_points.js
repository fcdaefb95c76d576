// Viewer requests of charge points: wss://host/ocpp/{identity} is /{stage}?cp={identity} at the WebSocket API.
//
// Runs in cloudfront-js-2.0, which has no modules here; infra/constructs/edge.py fills in what begins with a dollar sign.
// local/gateway/edge.py does the same for the local stack; tests/edge/cases.json holds the two equal.

const STAGE = '$STAGE';
const PREFIX = '/ocpp';
const RESERVED = '$RESERVED'.split(' '); // beginnings of the names of headers that state facts to `connect`
const ADDRESS = '$ADDRESS';

function handler(event) {
    const request = event.request;
    state(request.headers, event.viewer.ip);
    if (request.uri !== PREFIX && !request.uri.startsWith(PREFIX + '/')) {
        return request; // addresses the API itself
    }
    const identity = normalized(request.uri.slice(PREFIX.length).replace(/^\/+|\/+$/g, ''));
    if (identity === null) {
        return { statusCode: 400, statusDescription: 'Bad Request' };
    }
    request.uri = '/' + STAGE;
    // Instead of whatever the station had there. As text, which CloudFront takes as it is.
    request.querystring = identity ? 'cp=' + identity : '';
    return request;
}

// What viewers state themselves is no fact; where they are is one.
function state(headers, address) {
    for (const name in headers) {
        if (RESERVED.some((beginning) => name.startsWith(beginning))) {
            delete headers[name];
        }
    }
    headers[ADDRESS] = { value: address };
}

// One path segment as the value of a query parameter; null if it is more than one or does not decode. Decoded once:
// API Gateway decodes the parameter once more, and what looks encoded after that belongs to the identity.
function normalized(segment) {
    if (segment.includes('/')) {
        return null;
    }
    try {
        return encodeURIComponent(decodeURIComponent(segment));
    } catch (error) {
        return null;
    }
}
