"use strict";

const element = (name, text, properties) => Object.assign(document.createElement(name), { textContent: text ?? "" }, properties);

/** The parameters of an operation, wherever they stand. */
const parametersOf = (operation) => {
  const form = operation.requestBody?.content["application/x-www-form-urlencoded"]?.schema;
  const inForm = Object.entries(form?.properties ?? {}).map(([name, schema]) => ({
    name, schema, in: "form", required: (form.required ?? []).includes(name),
  }));
  return [...(operation.parameters ?? []), ...inForm];
};

/** Sends what the fields hold, and shows what comes back. */
const send = async (base, path, verb, parameters, fields, output) => {
  const query = new URLSearchParams();
  const form = new URLSearchParams();
  let target = path;
  for (const parameter of parameters) {
    const value = fields.get(parameter.name).value;
    if (parameter.in === "path") {
      target = target.replace(`{${parameter.name}}`, encodeURIComponent(value));
    } else if (value !== "") {
      (parameter.in === "form" ? form : query).append(parameter.name, value);
    }
  }
  const words = query.toString();
  const options = { method: verb.toUpperCase() };
  if (form.size > 0) options.body = form;
  output.hidden = false;
  output.textContent = "…";
  try {
    const reply = await fetch(base + target + (words ? `?${words}` : ""), options);
    const kind = reply.headers.get("content-type") ?? "";
    const text = kind.includes("octet-stream") ? "(a file)" : await reply.text();
    output.textContent = `${reply.status} ${reply.statusText}\n${kind}\n\n${text}`;
  } catch (error) {
    output.textContent = String(error);
  }
};

const shown = (base, path, verb, operation) => {
  const details = element("details");
  details.dataset.words = `${verb} ${path} ${operation.summary}`.toLowerCase();
  const summary = element("summary");
  summary.append(element("b", verb.toUpperCase(), { className: "verb" }), element("code", path), element("span", operation.summary));
  details.append(summary);
  details.addEventListener("toggle", () => {
    if (!details.open || details.childElementCount > 1) return;
    const form = element("form");
    const fields = new Map();
    const parameters = parametersOf(operation);
    for (const parameter of parameters) {
      const label = element("label", "", { className: parameter.required ? "required" : "" });
      const name = parameter.name === "content" ? "textarea" : "input";
      const field = element(name, "", { placeholder: parameter.schema?.type ?? "", ariaLabel: parameter.name });
      fields.set(parameter.name, field);
      label.append(element("span", parameter.name), field);
      form.append(label);
    }
    const output = element("pre", "", { hidden: true });
    form.append(element("button", "Send"), output);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(base, path, verb, parameters, fields, output);
    });
    details.append(form);
  }, false);
  return details;
};

const start = async () => {
  const api = await (await fetch("openapi.json")).json();
  const base = api.servers[0].url.replace(/\/$/, "");
  document.getElementById("version").textContent = api.info.version;
  document.getElementById("about").textContent = api.info.description;
  const groups = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const [verb, operation] of Object.entries(item)) {
      const tag = operation.tags[0];
      if (!groups.has(tag)) {
        const section = element("section");
        section.append(element("h2", tag));
        groups.set(tag, section);
      }
      groups.get(tag).append(shown(base, path, verb, operation));
    }
  }
  document.getElementById("operations").append(...groups.values());
  document.getElementById("search").addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/);
    for (const details of document.querySelectorAll("details")) {
      details.hidden = !words.every((word) => details.dataset.words.includes(word));
    }
  });
};

start();
