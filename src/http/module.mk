# sources of src/http
