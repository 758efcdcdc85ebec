// Before every request: the key, if there is one, and, once for each gateway, what it says of itself and of its model. Where nobody has chosen
// a customer it is the usual one that the gateway's OpenAPI document shows, so that requests fit whatever use case is served.
const gateway = pm.variables.get("gateway");
const key = pm.variables.get("api_key");
if (key) {
  pm.request.headers.upsert({ key: "Authorization", value: `Bearer ${key}` });
}
const choose = () => {
  const usual = pm.collectionVariables.get("usual");
  if (usual && !pm.environment.get("customer")) {
    pm.variables.set("customer", usual);
  }
};
choose();
if (gateway && pm.collectionVariables.get("known") !== `${gateway} ${key}`) {
  const header = key ? { Authorization: `Bearer ${key}` } : {};
  pm.sendRequest({ url: `${gateway}/openapi.json`, header }, (error, answer) => {
    if (error || answer.code !== 200) {
      return;
    }
    const shown = answer.json().paths["/v1/predictions"].post.requestBody.content["application/json"].example;
    pm.collectionVariables.set("usual", JSON.stringify(shown.customers[0].features));
    choose();
    // Without what is for people: variables are handed on to every script of every request.
    const forPeople = (name, value) =>
      name.startsWith("example") || name === "requestBody" || (["description", "summary", "title"].includes(name) && typeof value === "string");
    const kept = JSON.stringify(answer.json(), (name, value) => (forPeople(name, value) ? undefined : value));
    pm.collectionVariables.set("document", kept);
    pm.sendRequest({ url: `${gateway}/v1/model`, header }, (fault, described) => {
      if (fault || described.code !== 200) {
        return;
      }
      const model = described.json();
      const customer = JSON.parse(pm.variables.replaceIn("{{customer}}"));
      const tensors = model.features.map((feature) => ({
        name: feature.name,
        shape: [1],
        datatype: feature.type === "number" ? "FP64" : "BYTES",
        data: [customer[feature.name]],
      }));
      pm.collectionVariables.set("model", model.name);
      pm.collectionVariables.set("version", model.version);
      pm.collectionVariables.set("tensors", JSON.stringify(tensors));
      pm.collectionVariables.set("known", `${gateway} ${key}`);
    });
  });
}
