# sources of src/auth
