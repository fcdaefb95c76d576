// The operator API at /api of a distribution: it knows nothing of the prefix, in requests as in answers.
//
// Runs in cloudfront-js-2.0, for requests and responses of viewers. CloudFront leaves out responses from 400 on.

const PREFIX = '/api';

function handler(event) {
    if (event.context.eventType === 'viewer-response') {
        const location = event.response.headers.location;
        if (location && location.value.startsWith('/')) {
            location.value = PREFIX + location.value;
        }
        return event.response;
    }
    const request = event.request;
    if (!request.uri.startsWith(PREFIX + '/')) {
        return { statusCode: 404, statusDescription: 'Not Found' }; // CloudFront chose the behavior by what it decoded
    }
    request.uri = request.uri.slice(PREFIX.length);
    return request;
}
