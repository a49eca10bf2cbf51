/** What docker reads an image's inspection into. See `structs.ts` for how structs are written. */
export const imageStructs: Readonly<Record<string, string>> = {
  'image.InspectResponse': `
    ID/Id, RepoTags []string, RepoDigests []string, Parent, Comment, Created, Container, ContainerConfig
    *container.Config, DockerVersion, Author, Config *v1.DockerOCIImageConfig, Architecture, Variant, Os, OsVersion,
    Size int64, VirtualSize int64, GraphDriver storage.DriverData, RootFS image.RootFS, Metadata image.Metadata,
    Descriptor *v1.Descriptor, Manifests []image.ManifestSummary
  `,
  'v1.DockerOCIImageConfig': '+v1.ImageConfig ImageConfig, +v1.DockerOCIImageConfigExt DockerOCIImageConfigExt',
  'v1.ImageConfig': `
    User?, ExposedPorts? map[string]struct{}, Env? []string, Entrypoint? []string, Cmd? []string,
    Volumes? map[string]struct{}, WorkingDir?, Labels? map[string]string, StopSignal?, ArgsEscaped? bool
  `,
  'v1.DockerOCIImageConfigExt': 'Healthcheck? *v1.HealthcheckConfig, OnBuild? []string, Shell? []string',
  'image.RootFS': 'Type, Layers []string',
  'image.Metadata': 'LastTagTime time.Time',
  'image.ManifestSummary': `
    ID, Descriptor v1.Descriptor, Available bool, Size any, Kind image.ManifestKind, ImageData
    *image.ImageProperties, AttestationData/- *image.AttestationProperties
  `,
  'image.ImageProperties': 'Platform v1.Platform, Size any, Containers []string',
};
