// After every request: an answer of the gateway is one that its OpenAPI document tells of: the path, the method, the status and every field.
answered = () => {
  try {
    return pm.response.json();
  } catch {
    return null;
  }
};
const asked = pm.request.url.toString().split("?")[0];
const own = [pm.variables.get("gateway"), pm.variables.get("unready_gateway")].find((one) => one && asked.startsWith(`${one}/`));
const told = pm.collectionVariables.get("document");
if (told && own && pm.response) {
  const document = JSON.parse(told);
  const path = asked.slice(own.length);
  const fits = (template) => new RegExp(`^${template.replace(/\{[^}]+\}/g, "[^/]+")}$`).test(path);
  const operations = document.paths[path] || document.paths[Object.keys(document.paths).find(fits)] || {};
  const operation = operations[pm.request.method.toLowerCase()];
  if (operation) {
    pm.test("the OpenAPI document tells of this answer", () => {
      const response = operation.responses[String(pm.response.code)];
      pm.expect(response, `status ${pm.response.code} of ${path}`).to.be.an("object");
      const type = (pm.response.headers.get("content-type") || "").split(";")[0];
      if (response.content) {
        pm.expect(Object.keys(response.content)).to.include(type);
        const schema = response.content[type].schema;
        if (schema && Object.keys(schema).length) {
          pm.response.to.have.jsonSchema({ allOf: [schema], components: document.components }, { unknownFormats: "ignore" });
        }
      }
    });
  }
}
