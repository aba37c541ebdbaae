# src/photo: photos that hosts upload.
libnexus_a_SOURCES += %D%/photo.h %D%/photo_jobs.h %D%/photo_entity.c %D%/photo_jobs.c %D%/photo_collect.c %D%/op_photo_list.c \
	%D%/op_photo_create.c %D%/op_photo_read.c %D%/op_photo_update.c %D%/op_photo_delete.c
