using System.CommandLine;
using MailCluster.Node;

// Signals are the node's own: the command line would end the process two seconds after the first.
return await Commands.Root().Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
