"""The accounting systems behind one port: what a system can do, what it answered, and what may be done next.

Nothing here decides to send something a second time: an unknown outcome is handed up as `OutcomeUnknown`, and the push
protocol in `connector.runs.push` looks before it sends again.
"""
