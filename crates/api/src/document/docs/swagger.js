// Starts Swagger UI. persistAuthorization stays off: it would keep the password in clear in the browser's storage.

// The document's schemes come in alphabetical order; the form for e-mail and password is wanted before the bare token.
const FormFirst = () => ({
  statePlugins: {
    auth: { wrapSelectors: { definitionsToAuthorize: (original) => (...args) => original(...args)?.reverse() } },
  },
});

// Every form in Authorize asks for the focus, and the last one gets it, scrolled to: the first one should.
const FirstField = ({ React }) => ({
  wrapComponents: {
    authorizationPopup: (Popup) => (props) => {
      React.useEffect(() => document.querySelector(".auth-container input")?.focus(), []);
      return React.createElement(Popup, props);
    },
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
  plugins: [FormFirst, FirstField],
});
