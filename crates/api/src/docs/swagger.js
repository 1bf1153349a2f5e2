// Starts Swagger UI. persistAuthorization stays off: it would keep the password in clear in the browser's storage.

// The document's schemes come in alphabetical order; the form for e-mail and password is wanted before the bare token.
const FormFirst = () => ({
  statePlugins: {
    auth: { wrapSelectors: { definitionsToAuthorize: (original) => (...args) => original(...args)?.reverse() } },
  },
});

window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  layout: "BaseLayout",
  showExtensions: true,
  showCommonExtensions: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
  plugins: [FormFirst],
});
