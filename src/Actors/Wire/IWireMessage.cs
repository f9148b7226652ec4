namespace MailCluster.Actors.Wire;

/// <summary>A message that may cross nodes: written by <c>MailClusterSerializer</c>, in protobuf.</summary>
public interface IWireMessage;
