export async function origins() {}
