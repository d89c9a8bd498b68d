"""What a snapshot is made of: its content, its files, how it is read and the job that reads it."""
