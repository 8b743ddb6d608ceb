export default (request) => request;
