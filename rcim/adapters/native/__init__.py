"""The native API `/v1/…`: resources, JSON, problem details, and its OpenAPI document (AB-01, AB-02)."""
