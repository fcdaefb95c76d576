// Rewrites the URLs that come in as JSON, `[[path, query], ...]`: to `[path, query]`, or to null where it refuses.

const fs = require('node:fs');
const { load } = require('./edge_function.js');

const handler = load('charge_points.js', { STAGE: 'prod', RESERVED: 'x-csms-', ADDRESS: 'x-csms-viewer-address' });

function rewrite([uri, query]) {
    const event = { viewer: { ip: '198.51.100.7' }, request: { uri, querystring: query, headers: {} } };
    const { statusCode, uri: path, querystring } = handler(event);
    return statusCode === undefined ? [path, querystring] : null;
}

console.log(JSON.stringify(JSON.parse(fs.readFileSync(0, 'utf8')).map(rewrite)));
