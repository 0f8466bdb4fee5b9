"""What OpenTelemetry records have in common: who, where and when; names of attributes; models; conversations."""
