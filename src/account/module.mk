# sources of src/account
