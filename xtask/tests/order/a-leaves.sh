#!/bin/sh
#: summary: leaves something behind
touch /tmp/left
