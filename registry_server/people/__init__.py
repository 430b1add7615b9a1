"""Officers who sign in, and owners who hold licences."""
