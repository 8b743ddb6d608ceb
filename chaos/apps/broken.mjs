export function event( {
