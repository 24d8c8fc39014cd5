(timeout -s INT 6 node src/cli/main.ts up .tmpw --watch --port 0 > .tmpw/out 2>&1; echo "exit $?" >> .tmpw/out) &
sleep 2; sed -i 's/version = .*/version = "2.0.0";/' .tmpw/lib.ts; sleep 2;  ps --ppid $(pgrep -f "main.ts up .tmpw --watch" | head -1) -o pid,args; for p in $(pgrep -f "main.ts up .tmpw"); do echo $p; ls -l /proc/$p/fd | grep -c socket; done; sleep 4; cat .tmpw/out
