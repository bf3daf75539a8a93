"""The whole job: pilot, confirm and verdict, as resumable steps over the store."""
