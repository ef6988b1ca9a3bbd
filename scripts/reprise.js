#!/usr/bin/env node
import { repriseCommand, runCommand } from './command.js';

process.exitCode = await runCommand(repriseCommand(process.argv.slice(2)));
