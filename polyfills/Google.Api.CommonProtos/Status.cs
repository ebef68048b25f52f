using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Google.Rpc;

public sealed partial class Status
{
    /// <summary>The first detail of type <typeparamref name="T"/>, or null.</summary>
    public T? GetDetail<T>()
        where T : class, IMessage<T>, new()
    {
        string wanted = new T().Descriptor.FullName;
        Any? detail = Details.FirstOrDefault(any => Any.GetTypeName(any.TypeUrl) == wanted);
        return detail?.Unpack<T>();
    }
}
