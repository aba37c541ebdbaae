# sources of src/property
