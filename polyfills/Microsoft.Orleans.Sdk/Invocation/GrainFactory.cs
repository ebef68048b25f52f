using Orleans.Runtime.Manifest;

namespace Orleans.Runtime.Invocation;

/// <summary>Makes references to grains, for silos and clients.</summary>
internal sealed class GrainFactory(GrainReferences references, GrainTypeResolver types) : IGrainFactory
{
    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey
    {
        CheckKey(primaryKey);
        return Get<TGrainInterface>(IdSpan.Create(primaryKey), grainClassNamePrefix);
    }

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerKey
        => Get<TGrainInterface>(GrainIdKeyExtensions.CreateIntegerKey(primaryKey), grainClassNamePrefix);

    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithGuidKey
        => Get<TGrainInterface>(GrainIdKeyExtensions.CreateGuidKey(primaryKey), grainClassNamePrefix);

    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId)
        where TGrainInterface : IAddressable
        => (TGrainInterface)(object)references.Create(grainId, typeof(TGrainInterface));

    public IGrain GetGrain(Type grainInterfaceType, string grainPrimaryKey)
    {
        CheckKey(grainPrimaryKey);
        return (IGrain)Get(grainInterfaceType, IdSpan.Create(grainPrimaryKey), null);
    }

    public IGrain GetGrain(Type grainInterfaceType, long grainPrimaryKey)
        => (IGrain)Get(grainInterfaceType, GrainIdKeyExtensions.CreateIntegerKey(grainPrimaryKey), null);

    public IGrain GetGrain(Type grainInterfaceType, Guid grainPrimaryKey)
        => (IGrain)Get(grainInterfaceType, GrainIdKeyExtensions.CreateGuidKey(grainPrimaryKey), null);

    private static void CheckKey(string key)
    {
        if (string.IsNullOrWhiteSpace(key))
            throw new ArgumentException("The key of a grain is neither null nor white space.", nameof(key));
    }

    private TGrainInterface Get<TGrainInterface>(IdSpan key, string? classNamePrefix)
        => (TGrainInterface)(object)Get(typeof(TGrainInterface), key, classNamePrefix);

    private GrainReference Get(Type interfaceType, IdSpan key, string? classNamePrefix)
        => references.Create(new GrainId(types.Resolve(interfaceType, classNamePrefix), key), interfaceType);
}
