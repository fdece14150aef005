// Shows the reference. "Try it out" sends the CSRF token that the cookie holds.
SwaggerUIBundle({
  url: '/api/v1/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  validatorUrl: null,
  requestInterceptor(request) {
    const token = document.cookie.match(/(?:^|; )csrf_token=([^;]*)/)
    if (token) request.headers['X-CSRF-Token'] = decodeURIComponent(token[1])
    return request
  },
})
