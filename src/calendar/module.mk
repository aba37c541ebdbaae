# sources of src/calendar
