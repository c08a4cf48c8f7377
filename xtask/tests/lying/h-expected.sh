#!/bin/sh
#: summary: fails as it is expected to
exit 1
