"""The city corporations and pourashavas that everything belongs to."""
