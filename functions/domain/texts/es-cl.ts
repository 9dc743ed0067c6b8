import { esCLBadges } from './es-cl-badges.ts'
import { esCLMails } from './es-cl-mails.ts'
import { esCLVisits } from './es-cl-visits.ts'

/**
 * The catalogue of every sentence a person may read, by closed code. `{name}` is filled from the parameters.
 * Another locale is one more file like this one.
 */
export const esCL = {
  // Dates and ids
  'calendar.impossible-date': 'La fecha no existe o no tiene la forma AAAA-MM-DD.',
  'calendar.bad-instant': 'El instante no tiene la forma ISO 8601 en UTC (AAAA-MM-DDThh:mm:ssZ).',
  'calendar.impossible-time': 'La hora no existe o no tiene la forma HH:MM.',
  'catalogue.id-shape': 'El identificador solo admite letras, dígitos y guiones.',
  'catalogue.unknown-unit': 'La unidad no existe.',
  'catalogue.unknown-module': 'El módulo no está en el catálogo de la institución.',
  'catalogue.unknown-entitlement': 'El acceso adicional no está en el catálogo de la institución.',
  'catalogue.unknown-door': 'La puerta no está en el catálogo de la institución.',
  'catalogue.no-copies':
    'El sistema de correo de esta institución no copia el correo saliente a la jefatura.',
  'national-id.shape': 'El documento de identidad no tiene la forma correcta.',
  'national-id.check-digit': 'El dígito verificador del documento de identidad no corresponde.',

  // People, contracts, accesses
  'person.name-empty': 'El nombre está vacío.',
  'person.name-too-long': 'El nombre es demasiado largo.',
  'person.name-characters': 'El nombre tiene caracteres que no se admiten.',
  'text.unprintable': 'El texto tiene caracteres que no se pueden imprimir.',
  'access.repeated': 'Un valor está repetido.',
  'access.consulta-with-operations': 'Un acceso de consulta no lleva operaciones.',
  'access.actualizacion-without-operations':
    'Un acceso de actualización indica al menos una operación: ingreso, modificación o eliminación.',
  'contract.other-type-missing': 'Falta indicar cuál es la otra calidad con responsabilidad administrativa.',
  'contract.other-type-unexpected': 'Solo la calidad «otra» lleva una descripción.',
  'contract.end-missing': 'Falta la fecha de término del contrato.',
  'contract.ends-before-start': 'El contrato termina antes de empezar.',
  'deputy.until-before-from': 'La subrogancia termina antes de empezar.',
  'unit.parent-cycle': 'La unidad no puede depender de sí misma, ni de una unidad que depende de ella.',
  'hr-event.member-missing': 'Falta un dato que este tipo de evento necesita.',
  'hr-event.leave-unexpected': 'Solo el inicio de una ausencia lleva su tipo.',
  'settings.code-of-two-modules': 'Dos módulos tienen el mismo código en el ERP.',
  'settings.group-of-two-modules': 'Un grupo del ERP pertenece a dos módulos.',
  'settings.round-closes-first': 'El plazo para renovar se cierra antes de abrirse.',
  'settings.webhook-url': 'La dirección debe empezar con https, o con http en la misma máquina.',
  'settings.target-twice': 'Un sistema está configurado dos veces.',
  'settings.unknown-zone': 'La zona horaria no existe.',

  // Targets
  'target.without-interface':
    'A este sistema lo mantienen personas: no tiene una interfaz por la que se pueda trabajar en modo activo.',

  // The form
  'form.declaration-missing': 'Falta la declaración de quien firma.',
  'form.no-lines': 'El formulario no tiene ninguna línea.',
  'form.too-many-lines': 'El formulario tiene demasiadas líneas.',

  // Shape, by the kind of fault that the parser tells
  'shape.invalid': 'El dato no es válido.',
  'shape.missing': 'Falta este dato.',
  'shape.invalid-type': 'El dato no es del tipo esperado.',
  'shape.unrecognized-keys': 'Hay un dato que aquí no se conoce.',
  'shape.invalid-union': 'El dato no corresponde a ninguna de las formas admitidas.',
  'shape.invalid-value': 'El valor no es uno de los admitidos.',
  'shape.invalid-format': 'El texto no tiene la forma esperada.',
  'shape.too-small': 'El dato es demasiado corto o pequeño.',
  'shape.too-big': 'El dato es demasiado largo o grande.',
  'shape.malformed-json': 'El contenido no es JSON bien formado.',
  'shape.malformed-csv': 'El contenido no es CSV bien formado.',
  'body.absent': 'Falta el contenido.',
  'body.not-utf8': 'El contenido no está en UTF-8.',
  'body.repeated-member': 'El dato aparece más de una vez.',
  'body.too-deep': 'El contenido está anidado más de lo que se admite.',
  'csv.unknown-column': 'La columna no se conoce.',
  'csv.missing-column': 'Falta una columna.',
  'csv.cells': 'La fila no tiene tantas celdas como el encabezado.',
  'people.empty-snapshot': 'Una lista completa de personal no puede estar vacía.',
  'people.not-a-list': 'El contenido debe ser una lista de personas.',
  'units.not-a-list': 'El contenido debe ser una lista de unidades.',
  'units.repeated': 'La unidad aparece más de una vez en la lista.',
  'unit.too-deep': 'Hay más unidades una sobre otra de las que se admiten.',
  'people.repeated-person': 'La persona aparece más de una vez en la lista.',
  'identity.taken': 'Esta identidad ya está vinculada a otra persona.',
  'deputy.is-head': 'La jefatura no puede subrogarse a sí misma.',
  'unit.oneself': 'Nadie puede nombrarse a sí mismo jefatura o subrogante.',

  // Roles
  'role.past': 'El día ya pasó. Para quitar un rol en el acto, el último día es ayer.',
  'role.until-before-from': 'El rol terminaría antes de empezar.',
  'role.not-held': 'La persona no tiene este rol.',
  'role.in-force': 'La persona ya tiene este rol: el período siguiente se registra cuando termine.',
  'role.oneself': 'Nadie puede darse ni quitarse un rol a sí mismo.',
  'role.last':
    'Nadie más tiene este rol sin fecha de término y puede ejercerlo: primero hay que dárselo a otra persona.',
  'role.change-own': 'Decide una segunda persona: ni quien propuso el cambio ni a quien concierne.',
  'role.change-decided': 'El cambio ya fue decidido.',
  'role.change-lapsed': 'La propuesta caducó: hay que hacerla de nuevo.',
  'role.change-overtaken': 'El rol cambió desde que se propuso: hay que proponerlo de nuevo.',

  // Targets, and what a task asks for
  'target.directory': 'El directorio.',
  'target.mail': 'El correo.',
  'target.erp': 'El ERP.',
  'target.none': 'Llavero.',
  'step.create':
    'Cree la cuenta «{name}», sin abrirla todavía. Si ya existe, es de la misma persona y está cerrada, use esa.',
  'step.enable': 'Abra la cuenta «{name}».',
  'step.disable': 'Cierre la cuenta «{name}» (no la borre).',
  'step.end-sessions': 'Termine las sesiones que la cuenta «{name}» tenga abiertas.',
  'step.adopt': 'Anote en la cuenta «{name}» que es de esta persona.',
  'step.restore': 'Devuelva la cuenta «{name}» al lugar de las cuentas en uso.',
  'step.retire': 'Mueva la cuenta «{name}» al lugar de las cuentas inactivas.',
  'step.set-profile': 'Ponga al día el nombre, el cargo y la unidad de la cuenta «{name}».',
  'step.set-expiry': 'Ponga a la cuenta «{name}» como término el {until}.',
  'step.clear-expiry': 'Quite la fecha de término de la cuenta «{name}».',
  'step.revoke': 'Quite a la cuenta «{name}» el acceso: {right}.',
  'step.grant': 'Dé a la cuenta «{name}» el acceso: {right}.',
  'right.consulta': 'Solo consulta.',
  'right.actualizacion': 'Actualización ({operations}).',
  'right.specific': 'Solo en: {parts}.',
  'right.internet': 'Perfil de internet {profile}.',
  'right.copy-to-head': 'Copia del correo saliente a la jefatura.',
  'right.removable-storage': 'Almacenamiento removible.',
  'task.parked':
    'El sistema no ha podido dejar la cuenta «{name}» como corresponde (motivo: {fault}). Corrija la causa y dé la tarea por hecha: se intenta de nuevo en el acto.',
  'task.unadopted':
    'La cuenta «{name}» ya existía y nadie ha dicho de quién es. Confírmelo en la conciliación, o corrija el formulario.',
  'task.contested':
    'La persona dice que el acceso recibido no es el correcto (solicitud {request}, línea {line}). Revíselo con ella.',

  'task.name-taken': 'Ese nombre de cuenta ya es de otra persona, o está en reposo.',
  'task.only-manual': 'El nombre y el identificador de la cuenta solo se indican en una tarea manual.',

  ...esCLMails,
  ...esCLBadges,

  // Registers as tables: the heading of each, its columns parted by semicolons
  'register.mail-addresses': 'Direcciones de correo.',
  'register.domain-users': 'Usuarios del dominio.',
  'register.permissions': 'Permisos.',
  'register.removals': 'Accesos quitados.',
  'register.changes': 'Cambios de acceso.',
  'register.visits': 'Visitas al centro de datos.',
  'register.of-mail-addresses': 'Dirección;Documento;Nombre;Cargo;Unidad;Estado;Término;Vista así el.',
  'register.of-domain-users':
    'Usuario;Documento;Nombre;Cargo;Unidad;Estado;Término;Internet;Otros accesos;Vista así el.',
  'register.of-permissions':
    'Documento;Nombre;Cargo;Unidad;Sistema;Acceso;Tipo;Operaciones;Solo en;Otorgado por;Desde;Hasta;Solicitud;Línea.',
  'register.of-changes':
    'Fecha;Documento;Nombre;Cargo;Unidad;Sistema;Cuenta;Cambio;Acceso;Antes;Ahora;Término;Causa;Solicitud;Pedido por;Como;En lugar de;Iniciado;Comprobado.',
  'register.open': 'Abierta.',
  'register.disabled': 'Cerrada.',
  'register.expired': 'Vencida.',
  'register.endless': 'Sin término.',
  'register.account': 'La cuenta.',
  'register.attested': 'Según quien lo hizo.',
  'change.opened': 'Cuenta abierta.',
  'change.closed': 'Cuenta cerrada.',
  'change.created': 'Cuenta creada.',
  'change.deleted': 'Cuenta borrada.',
  'change.adopted': 'Cuenta adoptada.',
  'change.right-granted': 'Acceso dado.',
  'change.right-revoked': 'Acceso quitado.',
  'change.right-changed': 'Acceso cambiado.',
  'change.end-later': 'Término postergado.',
  'change.end-earlier': 'Término adelantado.',
  'cause.form': 'Solicitud.',
  'cause.personnel': 'Registro de personal.',
  'cause.calendar': 'Plazo cumplido.',
  'cause.drift': 'Corrección de un cambio ajeno a Llavero.',
  'cause.outside': 'Cambio ajeno a Llavero.',
  'cause.adoption': 'Adopción.',
  'cause.hold': 'Retención.',
  'cause.other': 'Otra.',
  'role.head': 'Jefatura.',
  'role.deputy': 'Subrogante.',
  'role.parent-head': 'Jefatura superior.',
  'role.authority': 'Autoridad.',
  'role.hr': 'Recursos Humanos.',
  'role.it': 'Informática.',
  'role.security': 'Seguridad.',
  'target.data-centre': 'El centro de datos.',
  'badge.pin-shape': 'El número de identificación en la puerta lleva solo dígitos, nueve a lo más.',
  'badge.card-shape':
    'El número de la tarjeta lleva solo dígitos, entre tres y diecinueve, y no empieza con cero.',

  ...esCLVisits,

  // Accounts that were there before
  'target.unknown': 'La institución no tiene este sistema.',
  'reading.manual': 'Las cuentas de este sistema no se leen por la red: se sube la lista de usuarios.',
  'adoption.no-reading': 'Todavía no hay una lectura completa de las cuentas de este sistema.',
  'adoption.no-previous': 'Todavía no hay dos lecturas completas que comparar.',
  'upload.readable': 'Las cuentas de este sistema se leen por la red: no se sube una lista.',
  'upload.not-a-list': 'El contenido debe ser una lista de usuarios.',
  'upload.repeated': 'La cuenta aparece más de una vez en la lista.',
  'upload.other-domain': 'La dirección no es del dominio de la institución.',
  'upload.module-twice': 'El módulo aparece más de una vez en la fila.',
  'upload.unknown-operation': 'Las operaciones son ingreso, modificacion y eliminacion, unidas por +.',
  'upload.suspicious':
    'La lista trae muchas menos cuentas que la anterior. Si está completa, envíela de nuevo con confirm=true.',
  'adoption.repeated': 'La cuenta o la persona aparece más de una vez en la lista.',
  'adoption.unknown-account': 'La cuenta no está en la última lectura del sistema.',
  'adoption.untouchable': 'Es una cuenta protegida o de servicio: no puede ser de una persona.',
  'adoption.account-taken': 'La cuenta ya es de otra persona.',
  'adoption.person-has-account': 'La persona ya tiene una cuenta en este sistema.',
  'adoption.oneself': 'Nadie puede adoptar una cuenta para sí mismo.',
  'adoption.no-contract': 'La persona no tiene un contrato vigente en una unidad.',
  'adoption.on-hold':
    'Sobre la persona pesa una retención: la cuenta se cerraría. Primero hay que resolver la retención.',
  'adoption.not-expressible':
    'La cuenta tiene un permiso que el formulario no puede expresar. Hay que ajustarlo en el sistema, o el catálogo.',
  'adoption.would-close':
    'Nada de lo que la cuenta tiene se puede reconocer como acceso: al adoptarla se cerraría. La unidad debe pedir primero lo que corresponda, o cerrarla.',
  'adoption.would-lose': 'Al adoptar la cuenta se perdería un permiso que hoy tiene.',

  // Why a line is decided as it is
  'signing.oneself': 'Nadie puede pedir accesos para sí mismo ni quitárselos.',
  'signing.not-this-person': 'Por esta persona firma la jefatura superior, no quien presenta el formulario.',
  'erp.honorarios':
    'Las personas a honorarios no tienen responsabilidad administrativa y no pueden acceder a los módulos del ERP.',
  'until.past-year':
    'A contrata y a plazo fijo, el acceso no puede pasar del 31 de diciembre del año en que empieza ({limit}).',
  'until.past-contract': 'El acceso no puede pasar del término del contrato ({limit}).',
  'until.before-from': 'El acceso terminaría antes de empezar ({from}).',
  'until.missing': 'A contrata y a plazo fijo hay que indicar hasta cuándo se necesita el acceso.',
  'contract.differs': 'El contrato indicado no coincide con el del registro de personal.',
  'contract.declared':
    'Contrato según lo declarado en el formulario; el registro de personal no lo confirma.',
  'person.not-in-unit': 'La persona no figura en el registro de personal como parte de esta unidad.',
  'person.unknown': 'La persona no figura en el registro de personal.',
  'approval.data-centre': 'El acceso al centro de datos necesita la aprobación de la autoridad.',
  'approval.sensitive-module': 'Este módulo es sensible: necesita la aprobación de la autoridad.',
  'approval.copy-to-head':
    'La copia del correo saliente a la jefatura necesita la aprobación de la autoridad y se avisa a la persona.',
  'approval.superusuario': 'El perfil de superusuario necesita la aprobación de la autoridad.',

  'contract.over': 'El contrato por el que se pidió el acceso ya terminó.',
  'decision.approved': 'La autoridad aprobó el acceso.',
  'decision.rejected': 'La autoridad rechazó el acceso: {comment}.',
  'decision.observed': 'La autoridad pide completar la solicitud: {comment}.',
  'decision.comment-missing': 'Al rechazar u observar hay que indicar por qué.',
  'decision.oneself': 'Nadie decide sobre una línea que le concierne o que firmó.',
  'decision.not-awaiting': 'La línea no espera ninguna aprobación.',
  'completion.not-observed': 'La línea no está observada: no hay nada que completar.',
  'completion.fixed': 'Esto no fue observado: debe quedar como se presentó.',
  'acknowledgement.not-done': 'Solo se confirma u objeta un acceso entregado y vigente.',

  // HR events, holds, and what the guard stops
  'hr-event.recorded-ahead': 'El instante de registro está más de cinco minutos en el futuro.',
  'hr-event.unknown-leave': 'El tipo de ausencia no está en la lista de la institución.',
  'hr-event.id-reused': 'Este identificador de evento ya se usó con otro contenido.',
  'hr-event.oneself': 'Nadie registra eventos de personal sobre sí mismo.',
  'hr-events.repeated': 'El evento aparece más de una vez en la lista.',
  'suspension.oneself': 'Nadie suspende ni libera sus propios accesos.',
  'suspension.own': 'La suspensión la levanta otra persona, no quien la dispuso.',
  'suspension.until': 'Solo una sanción lleva fecha de término, y no puede estar en el pasado.',
  'hold.list-changed': 'La lista cambió desde que se leyó: léala de nuevo antes de decidir.',
  'hold.settled': 'Este lote ya fue liberado o descartado.',
  'hold.concerned': 'Nadie decide sobre un lote en el que figura.',
  'hold.same-person': 'Ya decidió con un rol: el otro lo ejerce otra persona.',
  'hold.discarded': 'La baja quedó sin efecto: Seguridad y la autoridad descartaron el lote en que estaba.',

  // Renewals
  'renewal.choice': 'Indique los accesos que renueva, o todos: una de las dos cosas.',
  'renewal.not-open':
    'Todavía no se abre el plazo para renovar. Lo que haga falta antes se pide con un formulario.',
  'renewal.over': 'Ese año ya terminó: lo que haga falta se pide con un formulario.',
  'renewal.unknown-grant':
    'El acceso no está entre los que la unidad dio y que terminan ese 31 de diciembre.',
  'renewal.already': 'El acceso ya está renovado.',
  'renewal.asked': 'La renovación ya se pidió, y está pendiente.',
  'renewal.waits': 'Rige si Recursos Humanos renueva el contrato; puede hacerlo antes o después.',
  'renewal.late': 'Llegó después del cierre del plazo para renovar ({limit}); se acepta igual.',
  'renewal.past-year': 'La renovación no puede pasar del 31 de diciembre del año en que empieza ({limit}).',

  // Passwords and one-time codes
  'credential.no-account': 'Usted no tiene una cuenta en este sistema.',
  'credential.not-yet': 'Su cuenta en este sistema todavía no está creada; intente de nuevo en unos minutos.',
  'credential.held': 'Sus accesos están suspendidos: mientras tanto no se puede fijar la contraseña.',
  'credential.closed': 'Su cuenta en este sistema está cerrada.',
  'credential.in-review':
    'La Mesa de Ayuda está revisando su cuenta en este sistema; consúltele antes de seguir.',
  'credential.resting': 'Este sistema no recibe cambios en este momento; intente más tarde.',
  'credential.not-here': 'La contraseña de este sistema no se fija aquí; consulte a la Mesa de Ayuda.',
  'credential.at-work': 'Ya se está fijando una contraseña suya; espere un momento e intente de nuevo.',
  'credential.unreachable':
    'El sistema no responde. La contraseña no ha cambiado; intente de nuevo en unos minutos.',
  'credential.failed':
    'El sistema no aceptó el cambio. La contraseña no ha cambiado; consulte a la Mesa de Ayuda.',
  'credential.unknown':
    'El sistema dejó de responder y no se sabe si la contraseña alcanzó a cambiar. Vuelva a fijarla en unos minutos.',
  'credential.too-many': 'Ha intentado fijar su contraseña muchas veces; espere un rato antes de seguir.',
  'password.too-short': 'La contraseña es demasiado corta para este sistema.',
  'password.too-long': 'La contraseña es demasiado larga para este sistema.',
  'password.too-simple':
    'La contraseña es demasiado simple: mezcle mayúsculas, minúsculas, números y otros signos.',
  'password.contains-name': 'La contraseña no puede contener su nombre ni el de su cuenta.',
  'password.used-before': 'Esa contraseña ya la usó antes; elija otra.',
  'password.changed-too-recently':
    'La contraseña se cambió hace muy poco y el sistema todavía no acepta otro cambio.',
  'password.policy':
    'El sistema no acepta esta contraseña: no cumple sus reglas. Elija otra, más larga y variada.',
  'code.oneself': 'Nadie puede darse un código a sí mismo.',
  'code.missing': 'Falta el código de la Mesa de Ayuda.',
  'code.refused': 'El código no es correcto o ya no vale. Revíselo, o pida otro a la Mesa de Ayuda.',

  // Alarms of the doors, and movements through them
  'alarm.withdrawn-badge': 'Se usó una tarjeta ya retirada.',
  'alarm.expired-badge': 'Se usó una tarjeta vencida.',
  'alarm.unknown-card': 'Se usó una tarjeta desconocida.',
  'alarm.lost-card': 'Se usó una tarjeta dada por perdida.',
  'alarm.forced-door': 'Puerta forzada.',
  'alarm.held-open': 'Puerta abierta demasiado tiempo.',
  'alarm.tamper': 'Manipulación del equipo de la puerta.',
  'alarm.duress': 'Apertura bajo coacción.',
  'alarm.outside-hours': 'Acceso fuera de horario.',
  'alarm.inside-after-hold': 'Una persona sigue dentro sin tener ya acceso.',
  'alarm.silent-device': 'El equipo de la puerta no se comunica.',
  'alarm.clock-drift': 'El reloj del equipo de la puerta no está en hora.',
  'alarm.events-lost': 'Registros de la puerta que no se pudieron recuperar.',
  'alarm.stranger-on-device': 'El equipo de la puerta tiene a alguien que nadie autorizó.',
  'alarm.unauthorised-copy': 'Copia no autorizada de una tarjeta o llave.',
  'alarm.visit-overdue': 'Visita sin salida registrada.',
  'alarm.no-door': 'El centro de datos.',
  'alarm.settled': 'La alarma ya está cerrada.',
  'movement.title': 'Movimientos.',
  'movement.columns':
    'Fecha y hora;Puerta;Hecho;Sentido;Número de tarjeta de acceso;Documento;Nombre;Tarjeta;Equipo;Período;Registro.',
  'movement.in': 'Entrada.',
  'movement.out': 'Salida.',
  'movement.opened': 'Abrió.',
  'movement.remote': 'Abierta a distancia.',
  'movement.outside-hours': 'Rechazada: fuera de horario.',
  'movement.illegal': 'Rechazada: sin autorización.',
  'movement.anti-passback': 'Rechazada: segunda entrada sin salida.',
  'movement.unknown-card': 'Rechazada: tarjeta desconocida.',
  'movement.held-open': 'Abierta demasiado tiempo.',
  'movement.expired': 'Rechazada: vencida.',
  'movement.lost-card': 'Rechazada: tarjeta perdida.',
  'movement.blacklisted': 'Rechazada: tarjeta bloqueada.',
  'movement.tamper': 'Equipo manipulado.',
  'movement.duress': 'Apertura bajo coacción.',
  'movement.forced': 'Forzada.',
  'movement.door-opened': 'Puerta abierta.',
  'movement.door-closed': 'Puerta cerrada.',
  'movement.exit-button': 'Botón de salida.',
  'movement.started': 'Equipo encendido.',
  'movement.other': 'Hecho {event}.',
  'movement.too-long': 'El período puede tener 31 días como máximo.',

  // Answers that are not what was asked for
  'problem.bad-request': 'La solicitud tiene datos que corregir.',
  'problem.unauthorized': 'Falta identificarse.',
  'problem.forbidden': 'No tiene facultad para hacer esto.',
  'problem.not-found': 'No existe, o no es de su competencia.',
  'problem.conflict': 'Contradice lo que ya está registrado.',
  'problem.not-linked':
    'Su identidad no está vinculada a ninguna persona; Recursos Humanos o Seguridad puede vincularla.',
  'problem.on-hold': 'Sobre usted pesa una retención: mientras dure, no puede actuar en Llavero.',
  'problem.stale': 'Cambió desde que se leyó: léalo de nuevo antes de decidir.',
  'problem.unconditional': 'Falta indicar, en If-Match, sobre qué estado se decide.',
  'problem.too-many': 'Demasiadas solicitudes; espere antes de seguir.',
  'problem.too-large': 'El contenido supera los 6 MB.',
  'problem.unsupported-media-type': 'El formato del contenido no se admite.',
  'problem.idempotency-key-reused': 'La clave de idempotencia ya se usó con otro contenido.',
  'problem.idempotency-key-shape':
    'La clave de idempotencia debe tener entre 1 y 255 caracteres imprimibles.',
  'problem.internal': 'Algo falló de nuestro lado. La Mesa de Ayuda puede ver qué fue.',
  'problem.unavailable': 'El servicio no está disponible en este momento; intente de nuevo.',
  'query.bad-cursor': 'El cursor de la lista no es válido.',
  'query.bad-parameter': 'El parámetro de la consulta no es válido.',
  'register.future-day': 'Ese día todavía no llega.',
  'register.too-long': 'El período puede tener 366 días como máximo.',
  'problem.not-acceptable': 'Los registros se entregan en JSON o en CSV, no en el formato pedido.',
  'query.too-wide': 'Indique una persona, un actor, una solicitud o un período de 31 días como máximo.',
} as const

export type Code = keyof typeof esCL
