// Memory and CPU time of the server's processes, as Linux counts them.
import { readFileSync, readdirSync } from 'node:fs';

function status(pid, field) {
	try {
		const found = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
		return found ? Number(found[1]) / 1024 : 0;
	} catch {
		return 0;						// it has ended
	}
}

function workersOf(pid) {
	return readdirSync('/proc').filter((entry) => {
		try {
			return /^\d+$/.test(entry)
				&& readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(`parallel worker for PID ${pid}`);
		} catch {
			return false;
		}
	});
}

// Watches a backend while work() runs.  Private memory (RssAnon) is looked at
// every 20 ms, of the backend and of the parallel workers it starts; VmHWM is
// the kernel's own record of the most memory the backend had, the part of
// shared_buffers that it touched included.  In MB.
export async function watchMemory(pid, work) {
	const memory = { backend: 0, workers: 0, highWater: 0 };
	const look = () => {
		memory.backend = Math.max(memory.backend, status(pid, 'RssAnon'));
		const workers = workersOf(pid).map((worker) => status(worker, 'RssAnon'));
		memory.workers = Math.max(memory.workers, ...workers);
	};
	const timer = setInterval(look, 20);
	try {
		memory.result = await work();
	} finally {
		clearInterval(timer);
	}
	look();
	memory.highWater = status(pid, 'VmHWM');
	return memory;
}

// Seconds of CPU that a process has used, in hundredths.
export function cpuSeconds(pid) {
	const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
	return (Number(fields[11]) + Number(fields[12])) / 100;
}
